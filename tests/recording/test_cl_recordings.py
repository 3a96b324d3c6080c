"""Recordings of the CL SDK's layout open, read and are checked."""

from __future__ import annotations

import numpy as np
import pytest

import longtake as lt
from longtake.errors import DamagedFile, KeyNotFound
from longtake.recording.check import check
from tests.recording.cl_file import cl_file

ENTRIES = {t * 10: {"ball": [t, 0.5], "hit": t % 2 == 0} for t in range(150)}


def test_a_recording_opens(tmp_path):
    path = tmp_path / "cl.h5"
    arrays = {1: np.arange(3, dtype="u8"), 5: None, 9: "text"}
    cl_file(path, {"game": ENTRIES, "a name": arrays})
    with lt.open(path) as view:
        assert (view.state, list(view.data_streams)) == ("complete", ["a name", "game"])
        game = view.data_streams.game
        assert dict(game.items()) == ENTRIES
        assert game[1490] == ENTRIES[1490]
        assert list(game.keys_for_range(20, 50)) == [20, 30, 40]
        assert game.attributes.application == {"score": 0, "list": [1, 2.5, None]}
        assert view.data_streams["a name"][1].tolist() == [0, 1, 2]
        assert view.attributes.application == {"operator": "J"}
        assert view.attributes.start_timestamp == 1000
        assert view.samples is not None
        assert view.samples[-1].tolist() == [396, 397, 398, 399]
        assert view.file.root.data_stream.game.index[0]["end_index"] > 0
        assert view.frame_streams == {}
        with pytest.raises(KeyNotFound, match="nearest is 10"):
            game[11]
    report = check(path)
    assert report.is_whole
    assert "written without checksums" in report.verdict()


def test_a_tail_overwritten_by_the_first_rows_is_told(tmp_path):
    """Defect F1: the last `N mod 100` rows of an index are copies of the first ones."""
    path = tmp_path / "f1.h5"
    cl_file(path, {"game": ENTRIES}, overwritten_tail=50)
    report = check(path)
    (stream,) = report.streams
    assert not report.is_whole
    assert stream.entries == 150
    assert [problem.row for problem in stream.problems] == [*range(100, 150), None]
    assert "row 100 (key 0): its key does not come after 990" in report.verdict()
    assert "after the last entry, belong to none" in stream.problems[-1].what
    with lt.open(path) as view:
        with pytest.raises(DamagedFile, match="timestamp 0 after 990"):
            view.data_streams.game.keys()
        assert view.samples is not None  # the rest can be read
        assert view.samples[0].tolist() == [0, 1, 2, 3]
        rows = view.file.root.data_stream.game.index[:]
        assert rows["timestamp"][99] == 990
