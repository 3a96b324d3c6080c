"""Opening a recording that may not be there yet."""

from __future__ import annotations

import subprocess
import sys
import threading

import h5py
import pytest

import longtake as lt
from longtake.errors import FileInUse, InvalidArgument, NotALongtakeFile, NotFound, WrongType
from longtake.follow.opening import open_when_there
from longtake.streams.polling import Polling


def test_a_file_that_is_there_is_opened_at_once(tmp_path):
    lt.record(tmp_path / "run.h5").stop()
    with open_when_there(tmp_path / "run.h5") as view:
        assert view.path == tmp_path / "run.h5"


@pytest.mark.parametrize("wait", [None, 0])
def test_a_file_that_is_not_there_is_not_waited_for_unless_asked(tmp_path, wait):
    with pytest.raises(NotFound, match=r"there is no file .*run.h5; wait= \(--wait\) waits for it"):
        open_when_there(tmp_path / "run.h5", wait)


def test_a_file_that_does_not_come_in_time(tmp_path):
    with pytest.raises(NotFound, match=r"there is no file .*run.h5, also after 0.02 s"):
        open_when_there(tmp_path / "folder" / "run.h5", 0.02)


def test_a_file_is_opened_as_soon_as_it_is_there(tmp_path, monkeypatch):
    path, made = tmp_path / "run.h5", []
    monkeypatch.setattr(Polling, "wait", lambda _: made or made.append(lt.record(path)))
    with open_when_there(path, 60) as view:
        assert view.is_being_written
    made[0].stop()


def test_whoever_waits_for_a_file_finds_it_being_written(tmp_path):
    """Else a recording that has just begun would look like one that is finished."""
    for number in range(20):
        path, entries = tmp_path / f"{number}.h5", []
        thread = threading.Thread(target=follow_into, args=(path, entries))
        thread.start()
        with lt.record(path) as recording:
            recording.create_data_stream("game").append(1, "serve")
        thread.join(60)
        assert entries == [("game", 1, "serve")]


def follow_into(path, entries) -> None:
    with lt.follow(path, wait=60, poll=0) as follower:
        entries += follower


@pytest.mark.parametrize(("wait", "error"), [(-1, InvalidArgument), (True, WrongType), ("1", WrongType)])  # fmt: skip
def test_a_time_that_is_none_is_refused(tmp_path, wait, error):
    with pytest.raises(error, match="wait"):
        open_when_there(tmp_path / "run.h5", wait)


def test_another_file_is_not_waited_for(tmp_path):
    (tmp_path / "run.h5").write_text("notes")
    with pytest.raises(NotALongtakeFile):
        open_when_there(tmp_path / "run.h5", 60)


def test_what_is_no_recording_leads_to_the_verbs_for_other_files(tmp_path):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5["frames"] = [1, 2]
    with pytest.raises(NotALongtakeFile, match=r"not made by longtake.*DataSource.*record --from"):
        open_when_there(path)
    code = "import h5py, sys, time; h5 = h5py.File(sys.argv[1], 'r+', libver='latest'); "
    code += "h5.swmr_mode = True; print('there', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, path], **pipes) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        writer.stdout.readline()
        with pytest.raises(FileInUse, match=r"being written by process.*record --from"):
            open_when_there(path)
        writer.stdin.close()
