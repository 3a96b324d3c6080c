"""Bytes at offsets, when the system writes fewer than asked, fails, or is closed."""

from __future__ import annotations

import errno
import os

import pytest

from longtake.errors import Closed, WriteFailed
from longtake.hdf import raw_file
from longtake.hdf.raw_file import RawFile


@pytest.fixture
def raw(tmp_path):
    raw = RawFile.creating(tmp_path / "file")
    yield raw
    raw.close()


def test_short_writes_and_reads_are_gone_on_with(raw, monkeypatch):
    write, read, fill = os.pwrite, os.pread, os.preadv
    monkeypatch.setattr(raw_file, "pwrite", lambda fd, data, at: write(fd, bytes(data)[:3], at))
    monkeypatch.setattr(os, "pread", lambda fd, length, at: read(fd, min(length, 2), at))
    monkeypatch.setattr(os, "preadv", lambda fd, to, at: fill(fd, [to[0][:2]], at))
    raw.write(5, memoryview(bytes(range(40))).cast("I"))
    assert raw.read(5, 40) == bytes(range(40))
    assert raw.read(43, 40) == bytes([38, 39])
    buffer = bytearray(b"x" * 6)
    raw.read_into(42, memoryview(buffer))
    assert bytes(buffer) == bytes([37, 38, 39, 0, 0, 0])


def test_a_disk_that_fills_up_says_so_once(raw, monkeypatch):
    """It writes a part first, then fails."""
    counts = iter([3])

    def write(*_):
        count = next(counts, None)
        if count is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return count

    monkeypatch.setattr(raw_file, "pwrite", write)
    with pytest.raises(WriteFailed, match="No space") as failed:
        raw.write(0, b"more than three")
    assert failed.value.errno == errno.ENOSPC
    assert str(failed.value).count("cannot write") == 1


def test_after_close_every_call_says_closed(raw):
    raw.close()
    raw.close()
    assert raw.is_closed
    for call in (
        lambda: raw.write(0, b"a"),
        lambda: raw.read(0, 1),
        lambda: raw.read_into(0, memoryview(bytearray(1))),
        lambda: raw.resize(1),
        lambda: raw.reserve(0, 1),
        raw.sync,
        lambda: raw.sync_range(0, 1),
        lambda: raw.clear_from(0),
    ):
        with pytest.raises(Closed, match="open it again"):
            call()


def test_new_bytes_are_zeros(raw):
    raw.write(0, b"abc")
    raw.resize(1)
    raw.resize(4)
    raw.reserve(2, 10)
    assert raw.read(0, 100) == b"a" + bytes(11)
    assert raw.size == 12


def test_what_follows_is_made_zeros(raw):
    raw.resize(5_000_000)
    raw.reserve(2_000_000, 100_000)
    for at in (0, 1_234_567, 4_999_997):
        raw.write(at, b"abc")
    raw.clear_from(1)
    assert raw.read(0, 10_000_000) == b"a" + bytes(4_999_999)
    assert os.fstat(raw.fd).st_blocks * 512 < 100_000
    raw.clear_from(0)
    raw.clear_from(5_000_000)
    assert not any(raw.read(0, 10_000_000))
    assert raw.size == 5_000_000
