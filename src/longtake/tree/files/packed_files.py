"""Millions of small files in three datasets, by name: ``files['a.png'] = content``."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest

from longtake.errors import (
    AlreadyExists,
    Closed,
    DamagedFile,
    InvalidArgument,
    WriteFailed,
    WrongType,
)
from longtake.tree.files.file_system_errors import IsFolder, IsNoFolder
from longtake.tree.files.packed_data import PackedData
from longtake.tree.files.packed_file import open_in
from longtake.tree.files.packed_folders import PackedFolders, folders_of
from longtake.tree.files.packed_index import REMOVED, ROW, PackedIndex, PackedRow
from longtake.tree.missing import PackedFileNotFound
from longtake.tree.node_names import require_name

if TYPE_CHECKING:
    from longtake.tree.group import Group

#: Content is written in blocks of so much, and read ahead by so much.
_BUFFER, _AHEAD = 4 * 1024 * 1024, 1024 * 1024
#: A file that is so little further on still is the next one: what was removed keeps its place.
_SKIPPED = 64 * 1024


class PackedFiles(MutableMapping[str, bytes]):
    """Many small files in one group of an HDF5 file, by name.

    Made by `filenode.create_packed` and `filenode.open_packed`. A name is a path, such as
    ``"2026/rain.txt"``; iterating gives the names in the order that the files were written. A name
    that ends with ``/`` is an empty folder, which has no content.

    Parameters
    ----------
    group : Group
        Marked as such.
    index : PackedIndex, optional
        Of the group, if it was read before.

    Raises
    ------
    PackedFileNotFound
        A KeyError and a FileNotFoundError, if there is no file of a name.
    DamagedFile
        If the content of a file is not what was written, or the index is damaged.
    Closed
        If the group was moved or removed since it was opened.

    Guarantees
    ----------
    A file is written as a whole. It can be read at once; it is in the HDF5 file after `flush`, or
    the HDF5 file's ``flush`` or ``close``: content first, then the row of the index that says there
    is such a file. What is replaced or removed keeps its place in the HDF5 file.
    Memory: 4 MiB, about 60 bytes and its name for each file, 100 for each folder where files are
    written, and what is asked for.

    Examples
    --------
    >>> import tempfile, os, longtake.tree as tt
    >>> h5 = tt.open_file(os.path.join(tempfile.mkdtemp(), "a.h5"), "w")
    >>> files = tt.filenode.create_packed(h5, "/", "photos")
    >>> files["2026/rain.txt"] = b"It rained."
    >>> files["2026/rain.txt"], list(files), "2026/sun.txt" in files
    (b'It rained.', ['2026/rain.txt'], False)
    >>> files.open("2026/rain.txt", "rt").read()
    'It rained.'
    >>> h5.close()
    """

    def __init__(self, group: Group, index: PackedIndex | None = None) -> None:
        self._group = group
        self._tree = group._tree
        self._data = PackedData(group)
        self._index = index or PackedIndex(*self._data.index())
        #: How much of each is in the HDF5 file; the rest waits.
        self._rows, self._names = self._index.row_count, len(self._index.names)
        self._stored = min(self._index.data_end, self._data.size)
        self._waiting = bytearray()
        self._folders: PackedFolders | None = None
        self._ahead_start, self._ahead, self._next = 0, b"", 0

    @property
    def node(self) -> Group:
        """The group."""
        return self._group

    def __getitem__(self, name: str) -> bytes:
        return self._content(self._found(name))

    def __setitem__(self, name: str, content: Any) -> None:
        self.write(name, content)

    def __delitem__(self, name: str) -> None:
        self._require_writable()
        self._found(name)
        end = self._stored + len(self._waiting)
        self._index.add(_key(name), PackedRow(end, end, REMOVED, 0))
        if self._folders is not None:
            self._folders.remove(_key(name))

    def __iter__(self) -> Iterator[str]:
        self._require_ours()
        return (_text(self._index.name(number)) for number in self._index)

    def __len__(self) -> int:
        self._require_ours()
        return len(self._index)

    def __contains__(self, name: object) -> bool:
        self._require_ours()
        return isinstance(name, str) and self._number(name) is not None

    def write(self, name: str, content: Any, *, modified: int | None = None) -> None:
        """Write a file, in place of one of that name.

        Parameters
        ----------
        name : str
            Without ``.`` and ``..`` in it.
        content : bytes
            Or anything that gives its bytes, as numpy's arrays do.
        modified : int, optional
            When it was last changed, in nanoseconds since 1970, UTC; now, if it is not given.

        Raises
        ------
        InvalidArgument, WrongType
            If the name is no path, or the content no bytes; nothing was written.
        IsFolder, IsNoFolder
            An IsADirectoryError and a NotADirectoryError, if there are files below that name, or
            it leads through a file.
        """
        self._require_writable()
        self.require_place(name)
        if isinstance(content, str):
            raise WrongType(f"the content of {name!r} is bytes, not text: encode the text")
        try:
            given = content if isinstance(content, bytes) else memoryview(content).tobytes()
        except (TypeError, ValueError) as error:
            raise WrongType(f"the content of {name!r} cannot be written: {error}") from error
        if name.endswith("/") and given:
            raise InvalidArgument(f"{name!r} ends with '/', and so is a folder without content")
        start = self._stored + len(self._waiting)
        when = time.time_ns() if modified is None else modified
        row = PackedRow(start, start + len(given), _checksum(given), when)
        self._waiting += given
        if self._index.find(name.encode()) is None:
            self._all_folders().add(name.encode())
        self._index.add(name.encode(), row)
        if len(self._waiting) >= _BUFFER:
            self.flush()

    def require_place(self, name: str) -> None:
        """Raise if there cannot be a file, or an empty folder, of a name."""
        require_path(name)
        key = name.encode()
        for folder in folders_of(key):
            if self._index.find(folder) is not None:
                raise IsNoFolder(f"{self._where}: {_text(folder)!r} is a file, so no {name!r}")
        if key in self._all_folders():
            raise IsFolder(f"{self._where}: {name!r} is a folder, as there are files in it")

    def _all_folders(self) -> PackedFolders:
        if self._folders is None:  # only who writes needs them
            self._folders = PackedFolders(map(self._index.name, self._index))
        return self._folders

    def open(
        self,
        name: str,
        mode: str = "r",
        *,
        encoding: str | None = None,
        newline: str | None = None,
    ) -> Any:
        """Open a file, as `filenode.open_node` does; it is written as a whole when it is closed.

        Parameters
        ----------
        name : str
        mode : str
            As of `open`: ``"r"``, ``"r+"``, ``"w"``, ``"x"``, ``"a"``, each with ``"+"`` to do
            both, and with ``"t"`` for text. Without, what is read are bytes.
        encoding, newline
            Of text, as of `open`.

        Raises
        ------
        PackedFileNotFound, AlreadyExists
            If there is no such file, or there is one and the mode is ``"x"``.
        """
        if "r" not in mode or "+" in mode:
            self._require_writable()
            self.require_place(name)
        if "x" in mode and name in self:
            raise AlreadyExists(f"{self._where} has {name!r} already; choose another name")
        return open_in(self, name, mode, encoding, newline)

    def size(self, name: str) -> int:
        """Give the bytes of a file."""
        row = self._found(name)
        return row.end - row.start

    def modified(self, name: str) -> int:
        """Give when a file was last changed, in nanoseconds since 1970, UTC."""
        return self._found(name).modified

    def below(self, folder: str) -> Iterator[str]:
        """Give the names in a folder and all below it; of the empty folder too: ``"folder/"``."""
        self._require_ours()
        if not folder:
            return iter(self)
        found = self._index.starting_with(_key(f"{folder}/"))
        return (_text(self._index.name(number)) for number in found)

    def flush(self) -> None:
        """Write what waits in memory into the HDF5 file.

        Raises
        ------
        WriteFailed
            If the disk has no room for all of it; the first files, for which it has, are written.
        """
        count = self._index.row_count - self._rows
        while count:
            try:
                self._flush_rows(count)
            except WriteFailed:
                if count == 1:
                    raise
                count //= 2
            count = min(count, self._index.row_count - self._rows)

    def _flush_rows(self, count: int) -> None:
        """Write the files of so many of the rows that wait."""
        end = self._rows + count
        size = self._index.row(end - 1).end - self._stored
        names_end = self._index.name_end(end - 1)
        names = bytes(self._index.names[self._names : names_end])
        rows = bytes(self._index.rows[self._rows * ROW.itemsize : end * ROW.itemsize])
        self._data.append(
            (self._stored, bytes(self._waiting[:size])), (self._names, names), (self._rows, rows)
        )
        del self._waiting[:size]
        self._stored, self._names, self._rows = self._stored + size, names_end, end

    def follow(self, path: str) -> None:
        """Learn that the group was moved, which knows its path itself."""

    def end(self) -> None:
        """Forget what waits: the group was removed. What is asked of it then raises `Closed`."""

    def _content(self, row: PackedRow) -> bytes:
        start, end = row.start, row.end
        if start >= self._stored and end <= self._stored + len(self._waiting):
            content = bytes(self._waiting[start - self._stored : end - self._stored])
        else:
            content = self._read(start, end)
        if _checksum(content) != row.checksum:
            raise DamagedFile(
                f"{self._where}: bytes {start} to {end} are not what was written as a file there"
            )
        return content

    def _read(self, start: int, end: int) -> bytes:
        """Read content; ahead, where one file is read after the other."""
        is_next, self._next = 0 <= start - self._next < _SKIPPED, end
        at = start - self._ahead_start
        if at < 0 or at + end - start > len(self._ahead):
            if not is_next:
                return self._data.read(start, end)
            stop = max(end, min(start + _AHEAD, self._stored))
            self._ahead_start, self._ahead, at = start, self._data.read(start, stop), 0
        return self._ahead[at : at + end - start]

    def _found(self, name: str) -> PackedRow:
        self._require_ours()
        number = self._number(name)
        if number is None:
            raise PackedFileNotFound(f"{self._where} has no file {name!r}")
        return self._index.row(number)

    def _number(self, name: str) -> int | None:
        try:
            return self._index.find(_key(name))
        except UnicodeEncodeError:  # which no file has as its name
            return None

    def _require_ours(self) -> None:
        self._tree.require_open()
        if self._tree.waiting.get(self._group._v_pathname) is not self:
            raise Closed(
                f"{self._tree.filename}: the packed files were moved or removed: open them again"
            )

    def _require_writable(self) -> None:
        self._require_ours()
        if not self._tree.is_writable:
            self._tree.require_writable()

    def __repr__(self) -> str:
        count = f"{len(self._index)} files" if self._tree.is_open else "closed"
        return f"<PackedFiles {self._group._v_pathname}: {count}>"

    @property
    def _where(self) -> str:
        return f"{self._tree.filename}: {self._group._v_pathname}"


def require_path(name: object) -> None:
    """Raise if a name cannot be that of a packed file."""
    if not isinstance(name, str):
        raise WrongType(f"the name of a file is text, not {name!r}")
    for step in name.removesuffix("/").split("/"):
        require_name(step)


def _key(name: str) -> bytes:
    # A file that came from elsewhere may have names that are no UTF-8.
    return name.encode("utf-8", "surrogateescape")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _checksum(content: bytes) -> int:
    """Give the xxh3-64, which is never that of a removed file, nor 1: as in streams."""
    digest = xxh3_64_intdigest(content)
    return digest if digest > 1 else digest + 2
