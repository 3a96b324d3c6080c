"""The one small object through which every byte reaches the file."""

from __future__ import annotations

import ctypes
import os
from os import pwrite  # by itself, for it is called for every entry
from typing import TYPE_CHECKING, Self

from longtake.errors import Closed, NoPermission, NotALongtakeFile, WriteFailed

if TYPE_CHECKING:
    from pathlib import Path

_fallocate = ctypes.CDLL(None, use_errno=True).fallocate
_KEEP_SIZE, _PUNCH_HOLE = 1, 2


class RawFile:
    """Bytes at offsets of one open file.

    All that longtake ever does to a file is one of six calls: `write`, `resize`, `clear_from`,
    `reserve`, `sync`, `sync_range`. A test that records them can rebuild every state that a crash
    may leave behind.

    Threads: every call may be made from any thread.
    """

    def __init__(self, path: Path, flags: int) -> None:
        self.path = path
        try:
            self.fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        except PermissionError as error:
            raise NoPermission(
                error.errno, f"{path} may not be opened ({error.strerror}): check its permissions"
            ) from error
        except IsADirectoryError as error:
            raise NotALongtakeFile(f"{path} is a folder: give the name of a file") from error

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open an existing file to read only."""
        return cls(path, os.O_RDONLY)

    @classmethod
    def writing(cls, path: Path) -> Self:
        """Open an existing file to read and write."""
        return cls(path, os.O_RDWR)

    @classmethod
    def creating(cls, path: Path) -> Self:
        """Make a new file; the name must be free."""
        return cls(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    @property
    def size(self) -> int:
        """Length of the file in bytes, as the file system has it now."""
        return os.fstat(self.fd).st_size

    @property
    def is_closed(self) -> bool:
        """Whether the file was given back."""
        return self.fd < 0

    def read(self, offset: int, length: int) -> bytes:
        """Give up to `length` bytes from `offset`; fewer only at the end of the file."""
        try:
            piece = os.pread(self.fd, length, offset)
        except OSError as error:
            self._require_open(error)
            raise
        if len(piece) == length or not piece:
            return piece
        return piece + self.read(offset + len(piece), length - len(piece))

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill `buffer` from `offset`; what lies past the end of the file reads as zeros."""
        done = 0
        while done < len(buffer):
            try:
                count = os.preadv(self.fd, [buffer[done:]], offset + done)
            except OSError as error:
                self._require_open(error)
                raise
            if count == 0:
                buffer[done:] = bytes(len(buffer) - done)
                return
            done += count

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data` at `offset`, or raise `WriteFailed`."""
        try:
            done = pwrite(self.fd, data, offset)
            if done != len(data):
                self._write_rest(offset + done, memoryview(data).cast("B")[done:])
        except OSError as error:
            raise self._failed("write", error) from error

    def _write_rest(self, offset: int, data: memoryview) -> None:
        while data:  # a disk that fills up writes a part first
            done = pwrite(self.fd, data, offset)
            data, offset = data[done:], offset + done

    def resize(self, size: int) -> None:
        """Make the file `size` bytes long; new bytes are zeros and take no space yet."""
        try:
            os.ftruncate(self.fd, size)
        except OSError as error:
            raise self._failed("resize", error) from error

    def clear_from(self, offset: int) -> None:
        """Make zeros of all that follows `offset`, and free its room; the file keeps its length."""
        self._require_open()
        length = self.size - offset
        if length <= 0:
            return
        how = _PUNCH_HOLE | _KEEP_SIZE
        if _fallocate(self.fd, how, ctypes.c_long(offset), ctypes.c_long(length)) != 0:
            number = ctypes.get_errno()
            raise self._failed("clear", OSError(number, os.strerror(number)))

    def reserve(self, offset: int, length: int) -> None:
        """Take disk space for a range, so that writing to it cannot fail for want of space."""
        try:
            os.posix_fallocate(self.fd, offset, length)
        except OSError as error:
            raise self._failed("reserve space in", error) from error

    def sync(self) -> None:
        """Wait until everything written so far would survive a power cut."""
        self._require_open()
        try:
            os.fdatasync(self.fd)
        except OSError as error:
            raise self._failed("sync", error) from error

    def sync_range(self, offset: int, length: int) -> None:
        """Wait until these bytes would survive a power cut, whatever becomes of the others.

        Nobody may write to them meanwhile: they are written again, in the one way of which POSIX
        says that it waits for these bytes alone.
        """
        data = memoryview(self.read(offset, length))
        try:
            while data:
                count = os.pwritev(self.fd, [data], offset, os.RWF_DSYNC)
                data, offset = data[count:], offset + count
        except OSError as error:
            raise self._failed("sync", error) from error

    def close(self) -> None:
        """Give the file descriptor back; locks taken through it end."""
        fd, self.fd = self.fd, -1  # at once, for another thread must not use its number
        if fd >= 0:
            os.close(fd)

    def _require_open(self, error: OSError | None = None) -> None:
        if self.fd < 0:
            raise Closed(f"{self.path} was closed; open it again") from error

    def _failed(self, action: str, error: OSError) -> WriteFailed:
        self._require_open(error)
        return WriteFailed(
            error.errno,
            f"cannot {action} {self.path} ({error.strerror}): what was stored before stays; "
            "make room or mend the disk, then go on",
        )
