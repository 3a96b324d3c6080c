"""Files of `NodeFileSystem`, open: none of them keeps the HDF5 file open."""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Buffer

#: What is written is kept in memory up to here, and then beside the HDF5 file.
_IN_MEMORY = 16 * 1024 * 1024


class ContentReader(io.BytesIO):
    """A file that was read as a whole."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.size = len(content)

    def writable(self) -> bool:
        """Whether it may be written: no."""
        return False

    def write(self, data: Buffer) -> int:  # noqa: ARG002
        """Refuse."""
        raise io.UnsupportedOperation("the file was opened to read only")


class BlockReader(AbstractBufferedFile):
    """A large file, read in blocks; for each, the HDF5 file is opened.

    Parameters
    ----------
    fs : NodeFileSystem
    path : str
    size : int
    read : callable
        Gives the bytes from one place to another.
    """

    def __init__(
        self, fs: Any, path: str, size: int, read: Callable[[int, int], bytes], **options: Any
    ) -> None:
        self._read = read
        super().__init__(fs, path, "rb", size=size, **options)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self._read(start, end)


class ContentWriter(io.BufferedIOBase):
    """A file that is written, and read and sought: it is stored as a whole when it is closed.

    Parameters
    ----------
    folder : Path
        Where a large one is kept until then, without a name.
    mode : str
        As of `open`, without ``b``.
    store : callable
        Takes the content, as an open file at its beginning, and its size.
    autocommit : bool
        Whether closing stores it; otherwise `commit` does, as fsspec's transactions ask for.
    """

    def __init__(
        self, folder: Path, mode: str, store: Callable[[Any, int], None], *, autocommit: bool = True
    ) -> None:
        self.mode, self._store, self.autocommit = f"{mode}b", store, autocommit
        self._content = tempfile.SpooledTemporaryFile(  # noqa: SIM115  (close ends it)
            _IN_MEMORY, dir=str(folder)
        )

    def readable(self) -> bool:
        """Whether it may be read."""
        return "+" in self.mode

    def writable(self) -> bool:
        """Whether it may be written: yes."""
        return True

    def seekable(self) -> bool:
        """Whether a position can be sought: yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on from the present position."""
        if not self.readable():
            raise io.UnsupportedOperation("the file was opened to write only")
        self._require_open()
        return self._content.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        """Do the same."""
        return self.read(size)

    def write(self, data: Buffer, /) -> int:
        """Write at the present position; at the end, if it was opened to append."""
        self._require_open()
        if self.mode.startswith("a"):
            self._content.seek(0, io.SEEK_END)
        return self._content.write(memoryview(data).cast("B"))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the position."""
        self._require_open()
        return self._content.seek(offset, whence)

    def tell(self) -> int:
        """Give the position."""
        self._require_open()
        return self._content.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """Make the file so long."""
        self._require_open()
        length = self.tell() if size is None else size
        at = self._content.tell()
        end = self._content.seek(0, io.SEEK_END)
        if length > end:  # memory would not grow by itself, as a disk does
            self._content.write(bytes(length - end))
        self._content.truncate(length)
        self._content.seek(at)
        return length

    def close(self) -> None:
        """Store the file, if that is not left to `commit`. What cannot be stored is lost."""
        if self.closed:
            return
        try:
            if self.autocommit:
                self.commit()
        finally:
            super().close()

    def commit(self) -> None:
        """Store the file."""
        try:
            size = self._content.seek(0, io.SEEK_END)
            self._content.seek(0)
            self._store(self._content, size)
        finally:
            self._content.close()

    def discard(self) -> None:
        """Forget the file."""
        self.autocommit = False
        self._content.close()

    def _require_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")
