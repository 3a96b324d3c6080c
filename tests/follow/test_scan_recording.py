"""Files of other programs, as recordings."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import CannotFollow, InvalidArgument, NotALongtakeFile, NotFound, WrongType
from longtake.follow.scan_recording import ScanRecording
from tests.follow.swmr_writer import writing


@pytest.fixture
def scan(tmp_path):
    """A file as a beamline writes it."""
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        detector = h5.create_group("entry/detector")
        detector["data"] = np.arange(6 * 20, dtype=">u2").reshape(6, 4, 5)
        h5["entry/other/data"] = np.arange(6 * 3.0).reshape(6, 3)
        h5["entry/angle"], h5["entry/is_good"] = np.linspace(0, 1, 6), np.arange(6) % 2 == 0
        detector["uid"] = np.array([1, 2, 3, 4, 0, 0]).reshape(6, 1, 1)
        h5["entry/finished"] = [0]
        h5["entry/title"], h5["entry/calibration"] = "a scan", np.zeros((7, 7))
        h5["link"] = h5py.SoftLink("/entry/detector/data")
    return path


def take_all(recording):
    while (why := recording.take()) == "more":
        pass
    return why


def test_datasets_are_found_by_their_names_and_dimensions(tmp_path, scan):
    with ScanRecording(scan, tmp_path / "copy.h5") as recording:
        assert take_all(recording) == "nothing"
        assert recording.points == 4
        assert sorted(recording.streams) == ["entry.detector.data", "entry.other.data"]
    with lt.open(tmp_path / "copy.h5") as view:
        frames = view.frame_streams["entry.detector.data"]
        assert frames.attributes.application == {"dataset": "/entry/detector/data"}
        right = np.arange(6 * 20).reshape(6, 4, 5)
        assert np.array_equal(frames[0:], right[:4])
        points = view.record_streams.points
        assert [points[key]["angle"][0] for key in points] == pytest.approx([0, 0.2, 0.4, 0.6])
        assert points[1]["is_good"].tolist() == [False]


def test_it_goes_on_where_it_stopped_whatever_is_ahead(tmp_path, scan):
    copy = tmp_path / "copy.h5"
    with ScanRecording(scan, copy) as recording:
        take_all(recording)
    with lt.record(copy, append=True) as killed:  # as if in the midst of a point
        killed.frame_streams["entry.other.data"].append(4, np.arange(12.0, 15.0))
    with h5py.File(scan, "r+") as h5:
        h5["entry/detector/uid"][:] = 1
        h5["entry/finished"][0] = 1
    with ScanRecording(scan, copy) as recording:
        assert recording.points == 4
        assert take_all(recording) == "finished"
    with lt.open(copy) as view:
        assert list(view.frame_streams["entry.detector.data"]) == list(range(6))
        right = np.arange(6 * 3.0).reshape(6, 3)
        assert np.array_equal(view.frame_streams["entry.other.data"][0:], right)
        assert list(view.record_streams.points) == list(range(6))


def test_what_is_named_is_taken(tmp_path, scan):
    how = {"keys": ["entry/detector/uid"], "finished": "/entry/finished"}
    with ScanRecording(scan, tmp_path / "c.h5", data=["entry/other/data"], **how) as recording:
        take_all(recording)
        assert recording.streams == ["data"]
    with pytest.raises(InvalidArgument, match=r"is no recording of these datasets of scan\.h5"):
        ScanRecording(scan, tmp_path / "c.h5")


def test_datasets_of_several_names_are_recorded_once(tmp_path, scan):
    with h5py.File(scan, "r+") as h5:
        h5["entry/again"] = h5["entry/detector/data"]  # as NeXus files have it
        h5["entry/round"], h5["keys"] = h5["entry"], h5["entry/detector/uid"]
    with ScanRecording(scan, tmp_path / "found.h5") as recording:
        assert (take_all(recording), recording.points) == ("nothing", 4)
        assert sorted(recording.streams) == ["again", "data"]
    how = {"keys": ["/keys"], "data": ["link", "entry/round/angle"]}
    with ScanRecording(scan, tmp_path / "named.h5", **how) as recording:
        assert (take_all(recording), recording.points) == ("nothing", 4)
        assert recording.streams == ["again"]


def test_a_scan_that_is_complete_is_not_waited_for(tmp_path, scan):
    with h5py.File(scan, "r+") as h5:
        h5["entry/detector/uid"][:] = 1
    with ScanRecording(scan, tmp_path / "copy.h5") as recording:
        assert take_all(recording) == "complete"


def test_a_file_without_a_flag_ends_when_it_is_closed(tmp_path):
    path, copy = tmp_path / "scan.h5", tmp_path / "copy.h5"
    told = {"frames": 20, "pause_at": [10], "flag": "over"}  # no name of a flag
    with writing(path, **told) as writer:
        assert writer.said() == "9"
        with ScanRecording(path, copy) as recording:
            assert (take_all(recording), recording.points) == ("nothing", 10)
            writer.go()
            writer.wait()
            assert (take_all(recording), recording.points) == ("closed", 20)
    with lt.open(copy) as view:
        assert list(view.frame_streams.data) == list(range(20))
        assert list(view.record_streams) == []  # what cannot grow as the scan does is not of it


def test_frames_that_come_after_all_keys_are_not_left_out(tmp_path):
    path, copy = tmp_path / "late.h5", tmp_path / "copy.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5.create_dataset("key", data=np.ones(4, int), chunks=(4,), maxshape=(4,))
        h5.create_dataset("camera", data=np.ones((2, 3)), chunks=(1, 3), maxshape=(4, 3))
    with ScanRecording(path, copy) as recording:
        assert (take_all(recording), recording.points, recording.lag) == ("nothing", 2, 2)
    with h5py.File(path, "r+") as h5:
        h5["camera"].resize((4, 3))
    with ScanRecording(path, copy) as recording:
        assert (take_all(recording), recording.points, recording.lag) == ("complete", 4, 0)


def test_a_recording_that_cannot_be_begun_is_let_go(tmp_path, scan):
    copy = tmp_path / "copy.h5"
    with h5py.File(scan, "r+") as h5:
        h5["entry/names"] = ["any text"] * 6
    with pytest.raises(WrongType, match="names"):
        ScanRecording(scan, copy, data=["entry/names", "entry/angle"])
    with lt.record(copy, append=True):  # nobody holds it
        pass


def test_what_cannot_be_recorded_says_why(tmp_path, scan):
    copy = tmp_path / "copy.h5"
    with pytest.raises(NotFound, match="no file"):
        ScanRecording(tmp_path / "none.h5", copy)
    (tmp_path / "text").write_text("text")
    with pytest.raises(NotALongtakeFile, match="cannot be opened"):
        ScanRecording(tmp_path / "text", copy)
    with pytest.raises(NotFound, match="'/nope'"):
        ScanRecording(scan, copy, keys=["/nope"])
    with pytest.raises(CannotFollow, match="is a group"):
        ScanRecording(scan, copy, data=["entry"])
    with h5py.File(scan, "r+") as h5:
        h5.move("entry/detector/uid", "entry/detector/number")
    with pytest.raises(CannotFollow, match=r"--key; it has the integers .*/entry/detector/number"):
        ScanRecording(scan, copy)
    assert not copy.exists()
