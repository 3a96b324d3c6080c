"""What is waited for, and what is known to be on disk."""

from __future__ import annotations

import errno
import os
import time

import numpy as np
import pytest

from longtake.errors import WriteFailed
from longtake.hdf import journal, on_disk
from longtake.hdf.raw_file import RawFile
from longtake.streams import StreamFile
from tests.hdf.make import CHUNK_ROWS, append, file_with
from tests.hdf.write_log import WriteLog


@pytest.fixture
def log(monkeypatch) -> WriteLog:
    log = WriteLog()
    log.record(monkeypatch)
    return log


def waits(log: WriteLog, first: int) -> list[str]:
    return [op[0] for op in log.operations[first:] if "sync" in op[0]]


def test_a_change_waits_for_few_rows_and_not_for_many(tmp_path, log, monkeypatch):
    file, (one,) = file_with(tmp_path / "f.h5", "one")
    append(one, np.arange(100))
    begun = len(log.operations)
    file.grow({one: 2 * CHUNK_ROWS})
    assert waits(log, begun) == ["sync"]

    monkeypatch.setattr(on_disk, "_LITTLE", 1000)
    append(one, np.arange(500))
    begun = len(log.operations)
    file.grow({one: 3 * CHUNK_ROWS})
    assert set(waits(log, begun)) == {"sync_range"}
    file.close()


def test_the_change_before_is_waited_for_until_all_was(tmp_path, log, monkeypatch):
    """Its place in the journal is given to the change after the next."""
    file, (one,) = file_with(tmp_path / "f.h5", "one")
    monkeypatch.setattr(on_disk, "_LITTLE", -1)
    for chunks in (2, 3, 4):
        (newest,) = [c for c in journal.read(file.raw) if c.generation == file.generation]
        begun = len(log.operations)
        file.grow({one: chunks * CHUNK_ROWS})
        ranges = [op[1:] for op in log.operations[begun:] if op[0] == "sync_range"]
        for edit in newest.edits if chunks > 2 else ():
            assert (edit.offset, len(edit.after)) in ranges
    file._on_disk.sync()
    begun = len(log.operations)
    file.grow({one: 5 * CHUNK_ROWS})
    ranges = [op[1:] for op in log.operations[begun:] if op[0] == "sync_range"]
    assert not {(e.offset, len(e.after)) for e in newest.edits} & set(ranges)
    file.close()


def test_rows_are_known_to_be_on_disk_when_all_was_waited_for(tmp_path, monkeypatch):
    """Soon after a change that did not wait for them."""
    monkeypatch.setattr(on_disk, "_LITTLE", -1)
    monkeypatch.setattr(on_disk, "_SOON_S", 0.0)
    path = tmp_path / "f.h5"
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("camera", (3,), "u1")
        for key in range(7):
            stream.append(key, np.full(3, key, "u1"))
        index = stream._columns.index
        file._file.grow({index: index.capacity + 1})
        end = time.monotonic() + 60
        while file._file.synced_rows.get(index.first_offset) != 7:
            assert time.monotonic() < end
            time.sleep(0.001)


def test_a_range_is_synced_whole(tmp_path, monkeypatch):
    """Also where the system writes a part of it."""
    raw = RawFile.creating(tmp_path / "f")
    raw.write(0, bytes(range(100)))
    written = []
    real = os.pwritev

    def in_parts(fd, parts, offset, flags):
        assert flags == os.RWF_DSYNC
        written.append((offset, bytes(parts[0][:30])))
        return real(fd, [parts[0][:30]], offset, flags)

    monkeypatch.setattr(os, "pwritev", in_parts)
    raw.sync_range(10, 70)
    assert b"".join(data for _, data in written) == bytes(range(10, 80))
    assert [offset for offset, _ in written] == [10, 40, 70]

    def broken(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "pwritev", broken)
    with pytest.raises(WriteFailed, match="sync"):
        raw.sync_range(0, 5)
    raw.close()
