"""A file's bytes in memory, as Python's `io` wants them underneath."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class BytesInMemory(io.RawIOBase):
    """Reads and writes bytes, as a mode of `open` allows; zeros fill gaps.

    Parameters
    ----------
    mode : str
        Without ``b`` or ``t``.
    content : bytes
    """

    def __init__(self, mode: str, content: bytes) -> None:
        self._may_read = mode == "r" or "+" in mode
        self._may_write = mode != "r"
        self._appends = mode.startswith("a")
        self._content = bytearray(content) if self._may_write else content
        self._size = len(content)
        self._is_changed = False
        self._at: int = self._size if self._appends else 0

    def readable(self) -> bool:
        """Whether it may be read."""
        return self._may_read

    def writable(self) -> bool:
        """Whether it may be written."""
        return self._may_write

    def seekable(self) -> bool:
        """Whether a position can be sought: always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read on from the present position."""
        if not self._may_read:
            raise io.UnsupportedOperation("the file was opened to write only")
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        if count:
            view[:count] = self._part(self._at, self._at + count)
        self._at += count
        return count

    def write(self, data: Buffer) -> int:
        """Write at the present position; at the end, if it was opened to append."""
        if not self._may_write:
            raise io.UnsupportedOperation("the file was opened to read only")
        view = memoryview(data).cast("B")
        if self._appends:
            self._at = self._size
        if self._at + len(view) > self._size:
            self._make_length(self._at + len(view))
        self._replace(self._at, view)
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position."""
        at = (0, self._at, self._size)[whence] + offset
        if at < 0:
            raise ValueError(f"there is no position {at}")
        self._at = at
        return at

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Make the file so long; what is new are zeros."""
        if not self._may_write:
            raise io.UnsupportedOperation("the file was opened to read only")
        length: int = self._at if size is None else size
        if length != self._size:
            self._make_length(length)
        return length

    def _part(self, start: int, stop: int) -> bytes | bytearray:
        return self._content[start:stop]

    def _replace(self, at: int, view: memoryview) -> None:
        self._bytearray[at : at + len(view)] = view
        self._is_changed = True

    def _make_length(self, size: int) -> None:
        if size > self._size:
            self._bytearray.extend(bytes(size - self._size))
        else:
            del self._bytearray[size:]
        self._size, self._is_changed = size, True

    @property
    def _bytearray(self) -> bytearray:
        assert isinstance(self._content, bytearray)  # noqa: S101  (of a file that may be written)
        return self._content
