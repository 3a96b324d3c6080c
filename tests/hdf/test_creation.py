"""A new file appears whole or not at all, and what hinders it is told of the name asked for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    NotFound,
    WriteFailed,
)
from longtake.hdf import raw_file
from longtake.hdf.creation import create, drafted
from longtake.hdf.raw_file import RawFile

IMAGE = b"all of it" * 1000


def refused(path: Path, kind: type[LongtakeError], number: int) -> str:
    """Creating it raises that error, which speaks of the name asked for; gives what it says."""
    with pytest.raises(kind) as caught:
        create(path, IMAGE)
    said = str(caught.value)
    assert getattr(caught.value, "errno", number) == number
    assert said.startswith(str(path))
    assert ".longtake" not in said
    assert "Errno" not in said
    return said


def test_a_file_appears_whole(tmp_path):
    raw = create(tmp_path / "a.h5", IMAGE)
    assert raw.path == tmp_path / "a.h5"
    raw.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]
    assert (tmp_path / "a.h5").read_bytes() == IMAGE


def test_a_taken_name(tmp_path):
    (tmp_path / "a.h5").write_text("precious")
    refused(tmp_path / "a.h5", AlreadyExists, errno.EEXIST)
    assert (tmp_path / "a.h5").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there(tmp_path):
    said = refused(tmp_path / "none" / "a.h5", NotFound, errno.ENOENT)
    assert f"there is no folder {tmp_path / 'none'}" in said


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "f0.png").write_text("an image")
    said = refused(tmp_path / "f0.png" / "a.h5", NotFound, errno.ENOTDIR)
    assert "is not a folder" in said


def test_a_name_that_is_too_long(tmp_path):
    for path in (tmp_path / ("x" * 300), tmp_path / ("x" * 300) / "a.h5"):
        assert "too long" in refused(path, InvalidArgument, errno.ENAMETOOLONG)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_files():
    if not Path("/proc/self").is_dir():
        pytest.skip("there is no /proc here")
    said = refused(Path("/proc/a.h5"), NotFound, errno.ENOENT)
    assert "there is no folder" not in said


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
def test_a_system_that_refuses(tmp_path, monkeypatch, number):
    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number), "/somewhere/.longtake-1-2.new")

    monkeypatch.setattr(os, "open", refuse)
    may_not = number in {errno.EACCES, errno.EROFS}
    said = refused(tmp_path / "a.h5", NoPermission if may_not else WriteFailed, number)
    assert os.strerror(number) in said


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(raw_file, "pwrite", full)
    with pytest.raises(WriteFailed, match="No space left") as caught:
        create(tmp_path / "a.h5", IMAGE)
    assert f"{tmp_path / 'a.h5'} " in str(caught.value)
    assert ".longtake" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def unknown(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", unknown)
    create(tmp_path / "a.h5", IMAGE).close()
    refused(tmp_path / "a.h5", AlreadyExists, errno.EEXIST)
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_nothing_is_left_by_an_interruption(tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RawFile, "sync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        create(tmp_path / "a.h5", IMAGE)
    assert list(tmp_path.iterdir()) == []


def test_a_draft_is_named_when_it_is_filled(tmp_path):
    path = tmp_path / "a.h5"
    with drafted(path) as draft:
        draft.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_failed_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), drafted(tmp_path / "a.h5"):
        raise ZeroDivisionError
    with pytest.raises(WriteFailed, match=r"a\.h5"), drafted(tmp_path / "a.h5"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "taken").touch()
    with pytest.raises(AlreadyExists), drafted(tmp_path / "taken"):
        pytest.fail("it must not begin")
    with pytest.raises(NotFound), drafted(tmp_path / "none" / "a.h5"):
        pytest.fail("it must not begin")
