"""`check` finds whatever is not as it was written, and says where."""

from __future__ import annotations

import json
import threading

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import DamagedFile, NotALongtakeFile, NotFound
from longtake.recording import index_check
from longtake.recording.check import check
from longtake.recording.pack import pack
from tests.recording.runs import begin


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.h5"
    begin(path).stop()
    return path


def problems(path) -> list[str]:
    report = check(path)
    assert not report.is_whole
    assert "damaged" in report.verdict()
    assert len(report.problems) == report.problem_count
    return [str(problem) for problem in report.problems]


def edit_row(path, group: str, row: int, **fields) -> None:
    """Change a row of an index, as no program of ours does."""
    with h5py.File(path, "r+") as h5:
        index = h5[f"{group}/index"]
        values = index[row]
        for name, value in fields.items():
            values[name] = value
        index[row] = values


def test_a_whole_recording_in_each_state(tmp_path):
    path = tmp_path / "run.h5"
    recording = begin(path)
    going_on = check(path)
    recording.stop()
    done = check(path)
    assert (going_on.state, done.state) == ("recording", "complete")
    assert going_on.is_whole
    assert done.is_whole
    assert done.verdict() == f"{path} is whole: 4 streams, 661 entries, every checksum right"
    assert "it is being written" in going_on.verdict()
    by_name = {stream.name: stream for stream in done.streams}
    game = by_name["game"]
    assert (game.entries, game.first, game.last, game.unchecked) == (300, 0, 299, 0)
    assert by_name["spikes"].entries == 301  # the one that was replaced among them
    assert json.loads(json.dumps(done.to_dict()))["is_whole"]
    recording = lt.record(path, append=True)
    recording.data_streams.game.append(999, None)
    recording._file._file.abandon()
    assert check(path).state == "aborted"
    assert "was not finished" in check(path).verdict()


def test_each_byte_of_data_is_looked_at(run):
    for group, column, expected in [
        ("data_stream/game", "data", "row 0 (key 0)"),
        ("frame_stream/camera", "data", "row 0 (key 0)"),
        ("record_stream/spikes", "height", "row 1 (key 1)"),
        ("record_stream/table", "data", "row 1 (key 1)"),
    ]:
        with h5py.File(run, "r+") as h5:
            data = h5[f"{group}/{column}"]
            kept = data[0]
            data[0] = (
                np.frombuffer(b"\xff" * kept.nbytes, kept.dtype)[0] if not kept.shape else kept + 1
            )
        assert problems(run) == [f"/{group}, {expected}: its data do not have their checksum"]
        with h5py.File(run, "r+") as h5:
            h5[f"{group}/{column}"][0] = kept


def test_rows_that_go_backwards_overlap_or_leave_gaps(run):
    edit_row(run, "data_stream/game", 5, timestamp=2)
    (found,) = problems(run)
    assert found == "/data_stream/game, row 5 (key 2): its key does not come after 4"
    with pytest.raises(DamagedFile, match="row 5"), lt.open(run) as view:
        view.data_streams.game.keys()
    edit_row(run, "data_stream/game", 5, timestamp=5, start_index=3)
    assert "row 5 (key 5): its data rows 3 to" in problems(run)[0]
    edit_row(run, "frame_stream/camera", 4, start_index=5, end_index=6)
    found = "\n".join(problems(run))
    assert "row 4 (key 4): data rows 4 to 5 before it belong to none" in found
    with lt.open(run) as view:  # the rest stays readable
        assert view.frame_streams.camera[3].max() == 3
        assert len(view.record_streams.spikes) == 300


@pytest.mark.parametrize(
    "fields", [{"start_index": 2**63}, {"end_index": 2**64 - 1}, {"end_index": 0}]
)
def test_rows_that_point_nowhere(run, fields):
    edit_row(run, "data_stream/game", 7, **fields)
    (found,) = problems(run)
    assert found.startswith("/data_stream/game, row 7 (key 7): it points at data rows ")
    with lt.open(run) as view:
        with pytest.raises(DamagedFile, match="row 7"):
            len(view.data_streams.game)
        assert len(view.record_streams.spikes) == 300


def test_values_that_were_put_again_share_their_data(tmp_path, monkeypatch):
    """Each time with two later sets of columns: a row that refers to the data there are."""
    path = tmp_path / "run.h5"
    monkeypatch.setattr(index_check, "_REMEMBERED", 4)
    with lt.record(path) as recording:
        stream = recording.create_record_stream("s", {"x": "f8"})
        for key in range(20):
            stream.append(key, {"x": np.arange(key) / 7})
        for name in ("a", "b"):
            stream.put(3, {"x": np.arange(3) / 7, name: np.arange(3)})
        for n in range(5):
            for key in range(20):
                part = np.arange(key) + n
                stream.put(key, {"x": np.arange(key) / 7, "a": part, "b": part})
    report = check(path)
    assert report.is_whole, report.verdict()
    assert report.streams[0].entries > 100
    edit_row(path, "record_stream/s", 60, start_index=1, end_index=3)
    (found,) = problems(path)
    assert "row 60" in found
    assert "do not have their checksum" in found


def test_a_stream_with_ever_more_problems_is_left(run, monkeypatch):
    monkeypatch.setattr(index_check, "_MOST_TO_FIND", 20)
    with h5py.File(run, "r+") as h5:
        h5["data_stream/game/data"][...] = 0xC1
    report = check(run)
    assert report.problem_count == 21
    assert str(report.problems[-1]) == (
        "/data_stream/game, row 19: the rows after it, up to 300, were not looked at"
    )


def test_a_row_that_is_none_hides_those_after_it(run):
    edit_row(run, "data_stream/game", 200, checksum=0)
    assert problems(run) == [
        "/data_stream/game, row 200: it is no row; it and the 99 after it cannot be reached"
    ]


def test_memory_is_bounded_whatever_is_wrong(run, monkeypatch):
    monkeypatch.setattr(index_check, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(index_check, "_INDEX_ROWS", 7)
    assert check(run).is_whole
    with h5py.File(run, "r+") as h5:
        h5["data_stream/game/data"][...] = 0xC1  # no msgpack value
    report = check(run)
    assert report.problem_count == 300
    assert len(report.problems) == 100


def test_files_that_cannot_be_checked(tmp_path, run):
    with pytest.raises(NotFound):
        check(tmp_path / "none.h5")
    (tmp_path / "text").write_text("text")
    with pytest.raises(NotALongtakeFile):
        check(tmp_path / "text")
    with h5py.File(tmp_path / "other.h5", "w") as h5:
        h5["x"] = 1
    with pytest.raises(NotALongtakeFile):
        check(tmp_path / "other.h5")
    run.write_bytes(run.read_bytes()[:-100_000])
    report = check(run)
    assert (report.state, report.is_whole) == ("unreadable", False)
    assert "cut short" in report.verdict()


def test_while_another_thread_appends(tmp_path):
    recording = begin(tmp_path / "run.h5", 20)
    stopped = threading.Event()

    def go_on() -> None:
        t = 100
        while not stopped.is_set():
            recording.data_streams.game.append(t, {"t": t})
            recording.record_streams.spikes.put(
                t % 50, {"channel": np.arange(t % 9), "height": np.zeros(t % 9)}
            )
            t += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for _ in range(8):
            report = check(tmp_path / "run.h5")
            assert report.is_whole, report.verdict()
        assert pack(tmp_path / "run.h5", tmp_path / "packed.h5").found.is_whole
    finally:
        stopped.set()
        writer.join()
        recording.stop()
