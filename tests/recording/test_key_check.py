"""`check` compares the keys of frame streams with their index, and says what puts them right."""

from __future__ import annotations

import h5py
import pytest

import longtake as lt
from longtake.recording.check import check
from longtake.recording.pack import pack
from tests.recording.runs import begin

KEY = "frame_stream/camera/key"  # of thirty frames


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.h5"
    begin(path).stop()
    assert check(path).is_whole
    return path


def untell(h5: h5py.File) -> None:
    h5[KEY][[3, 5, 6]] = 0


def cut(h5: h5py.File) -> None:
    h5[KEY].resize(20, axis=0)


def lengthen(h5: h5py.File) -> None:
    h5[KEY].resize(40, axis=0)
    h5[KEY][30:] = 1


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (untell, "is 0 for 3 of 30 frames that are there, first for 3"),
        (cut, "has 20 rows for 30 frames"),
        (lengthen, "has 40 rows for 30 frames"),
    ],
)
def test_keys_that_do_not_say_what_the_index_says(run, spoil, what):
    with h5py.File(run, "r+") as h5:
        spoil(h5)
    (found,) = check(run).problems
    assert str(found).startswith(f"/frame_stream/camera: /{KEY} {what}: ")
    assert "append=True).stop() puts it right" in found.what
    with lt.open(run) as view:
        assert len(view.frame_streams.camera) == 30
    lt.record(run, append=True).stop()
    assert check(run).is_whole
    with h5py.File(run) as h5:
        assert h5[KEY][:].tolist() == [1] * 30


@pytest.mark.parametrize("spoil", [untell, cut])
def test_those_of_a_packed_recording(run, tmp_path, spoil):
    with h5py.File(run, "r+") as h5:
        spoil(h5)
    assert pack(run, tmp_path / "packed.h5").found.problem_count == 1


@pytest.mark.parametrize("end", ["stop", "crash", "go on"])
@pytest.mark.parametrize("codec", ["zstd", "gzip"])
def test_a_packed_recording_is_followed_as_a_finished_one(tmp_path, end, codec):
    """Also if the newest frame had no key yet."""
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    recording = begin(path)
    if end == "stop":
        recording.stop()
    else:
        (place, _), *_ = recording.frame_streams.camera.sets[0].keys.ranges()
        recording._file._file.raw.write(place + 29, b"\0")
    if end == "crash":
        recording._file._file.abandon()
    assert pack(path, packed, codec=codec).found.is_whole
    recording.stop()
    again = tmp_path / "again.h5"
    assert pack(packed, again, codec=codec).found.is_whole
    for copy in (packed, again):
        with h5py.File(copy) as h5:
            assert h5[KEY][:].tolist() == [1] * 30
            assert h5["finished"][:].tolist() == [1]


def test_keys_that_are_about_to_come_are_not_missed(tmp_path):
    path = tmp_path / "run.h5"
    recording = begin(path)
    (place, _), *_ = recording.frame_streams.camera.sets[0].keys.ranges()
    recording._file._file.raw.write(place + 29, b"\0")
    assert check(path).is_whole
    recording._file._file.abandon()
    assert check(path).is_whole
    report = lt.recover(path)
    with h5py.File(report.path) as h5:
        assert h5[KEY][:].tolist() == [1] * 30
        assert h5["finished"][:].tolist() == [1]
    assert check(report.path).is_whole
