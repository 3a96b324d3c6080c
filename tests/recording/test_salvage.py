"""A recording with a damaged part: the rest is put right as if the part were not there."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import DamagedFile
from longtake.recording.check import check
from longtake.recording.recover import recover
from longtake.recording.salvage import salvage


@pytest.fixture
def left(tmp_path):
    """A recording that a crash left: one stream to be spoiled, three with torn last values."""
    path = tmp_path / "run.h5"
    recording = lt.record(path, attributes={"operator": "J"})
    recording.create_data_stream("spoiled").append(1, 1)
    game = recording.create_data_stream("game", attributes={"score": 0})
    camera = recording.create_frame_stream("camera", (20, 30), "u2")
    spikes = recording.create_record_stream("spikes", {"channel": "u1"})
    for t in range(1, 50):
        game.append(t, {"t": t})
        camera.append(t, np.full((20, 30), t, "u2"))
        spikes.append(t, {"channel": np.full(3, t)} | ({"late": np.full(3, t)} if t > 9 else {}))
    game.set_attribute("score", 7)
    recording.set_attribute("operator", "K")
    torn = []
    for stream in (game, camera, spikes):
        columns = stream.sets[0]
        start = columns.row(48).start
        data = next(iter(columns.columns.values()))
        (place, _), *_ = data.ranges()
        torn.append((place + start * data.row_bytes, data.row_bytes))
    recording._file._file.abandon()
    with path.open("r+b") as file:
        for place, size in torn:
            file.seek(place)
            file.write(b"\xee" * size)
    return path


def spoil(path, node: str) -> None:
    with h5py.File(path) as h5:
        place = h5py.h5o.get_info(h5[node].id).addr
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(16))


@pytest.mark.parametrize("node", ["index", "data", ""])
def test_the_rest_is_put_right_as_without_the_damage(left, tmp_path, node):
    whole = tmp_path / "whole.h5"
    whole.write_bytes(left.read_bytes())
    expected = recover(whole)
    spoil(left, f"data_stream/spoiled/{node}")
    found = recover(left)
    named = "/data_stream/spoiled"
    assert found.kept == tuple(kept for kept in expected.kept if not kept.startswith(named))
    assert {lost for lost in found.lost if not lost.startswith(named)} == set(expected.lost)
    assert len(found.lost) == len(expected.lost) + 1 == 4
    with lt.open(found.path) as view, lt.open(expected.path) as other:
        assert view.state == other.state == "recovered"
        assert view.attributes.application == other.attributes.application == {"operator": "K"}
        assert view.data_streams.game.attributes.application == {"score": 7}
        assert list(view.data_streams.game.items()) == list(other.data_streams.game.items())
        for streams in ("frame_streams", "record_streams"):
            for stream, same in zip(
                getattr(view, streams).values(), getattr(other, streams).values(), strict=True
            ):
                assert repr(list(stream.items())) == repr(list(same.items()))
        assert len(view.record_streams.spikes[48]) == 2


def test_other_programs_see_the_rest_trimmed(left):
    spoil(left, "data_stream/spoiled/data")
    salvage(left)
    with h5py.File(left) as h5:
        assert h5["frame_stream/camera/data"].shape == (48, 20, 30)
        assert h5["frame_stream/camera/key"][:].tolist() == [1] * 48
        assert h5["finished"][0] == 1
        assert h5["data_stream/game/index"].shape == (48,)
        assert h5["record_stream/spikes/late"].shape == (39 * 3,)
    assert {problem.path for problem in check(left).problems} == {"/data_stream/spoiled"}


@pytest.mark.parametrize("node", ["control/index", "control/data"])
def test_updates_of_attributes_that_cannot_be_read(left, node):
    spoil(left, node)
    found = recover(left)
    assert "/data_stream/game: 48 entries" in found.kept
    assert any(lost.startswith("/control: ") for lost in found.lost)
    with lt.open(found.path) as view, pytest.raises(DamagedFile):
        _ = view.attributes.application


def test_all_streams_of_a_kind_that_cannot_be_read(left):
    spoil(left, "data_stream")
    found = recover(left)
    assert [kept.split(":")[0] for kept in found.kept] == [
        "/frame_stream/camera",
        "/record_stream/spikes",
    ]
    assert any(lost.startswith("/data_stream: ") for lost in found.lost)


def test_what_cannot_be_written_is_left_as_a_crash_leaves_it(left, monkeypatch):
    spoil(left, "data_stream/spoiled/data")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("longtake.recording.salvage._cut", fail)
        with pytest.raises(KeyboardInterrupt):
            salvage(left)
    with lt.open(left) as view:
        assert view.state == "aborted"
    assert "/data_stream/game: 48 entries" in recover(left, in_place=True).kept
