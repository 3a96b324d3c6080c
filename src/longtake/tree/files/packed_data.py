"""The three datasets of a group of packed files: their content, their names, their index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from h5py import h5d, h5p  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, FileChangedElsewhere, InvalidArgument
from longtake.tree.files.node_type import attribute
from longtake.tree.files.packed_index import ROW
from longtake.tree.files.taking_place import told_as_failure
from longtake.tree.leaf import EArray
from longtake.tree.tables.table import Table

if TYPE_CHECKING:
    from longtake.tree.group import Group

#: The form of the datasets that this reads and writes.
VERSION = 1
#: More than this is read at once only if the HDF5 file is as large: it could be a trap of zeros.
_UNASKED = 1024 * 1024 * 1024
#: HDF5 reads a compressed chunk as a whole: a larger one is looked at in the same way.
_LARGE_CHUNK = 64 * 1024 * 1024
#: Rows of the index that are read at a time.
_BLOCK = 65_536


class PackedData:
    """Reads and appends to a group's datasets.

    Parameters
    ----------
    group : Group
        Made by `create_packed`.

    Raises
    ------
    DamagedFile
        If the datasets are others than `create_packed` makes.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        version = attribute(group, "NODE_TYPE_VERSION")
        if not isinstance(version, np.integer) or version != VERSION:
            raise InvalidArgument(
                f"{self._where}: files packed in the form {version!r}, and this version of "
                f"longtake reads the form {VERSION}"
            )
        self._names, self._data = self._bytes_in("names"), self._bytes_in("data")
        #: How many bytes of content there are.
        self.size: int = self._data._h5.shape[0]
        self._index: Any = self._child("index")
        if not isinstance(self._index, Table) or self._index.dtype != ROW:
            raise self._damaged("its index is no table of the columns that longtake writes")

    def index(self) -> tuple[bytes, np.ndarray]:
        """Read all names, as bytes, and the rows of the index."""
        count, most = self._index._h5.shape[0], self._names._h5.shape[0]
        if count > most:  # each name has a byte at least
            raise self._damaged(f"its index has {count} names, and there are {most} bytes of them")
        for node in (self._index, self._names):
            self._require_plausible(node._h5.shape[0] * node.dtype.itemsize)
            chunk = (node._h5.chunks or (0,))[0]
            self._require_plausible(chunk * node.dtype.itemsize, _LARGE_CHUNK)
        rows, end = bytearray(), 0
        for start in range(0, count, _BLOCK):
            # What is impossible is met before all is read: zeros take no room in a file.
            block = self._index._stored((slice(start, min(start + _BLOCK, count)),))
            ends = block["name_end"]
            if ends[0] <= end or (ends[1:] <= ends[:-1]).any() or ends[-1] > most:
                raise self._damaged("its index points outside of its names")
            rows += block.tobytes()
            end = int(ends[-1])
        names = self._names._stored((slice(0, end),)).tobytes()
        if b"\0" in names:
            raise self._damaged("there are names with a NUL")
        return names, np.frombuffer(rows, ROW)

    def read(self, start: int, end: int) -> bytes:
        """Read content."""
        if not 0 <= start <= end <= self.size:
            raise self._damaged(f"its index tells of bytes {start} to {end}, of {self.size}")
        self._require_plausible(end - start)
        return self._data._stored((slice(start, end),)).tobytes()

    def append(
        self, data: tuple[int, bytes], names: tuple[int, bytes], rows: tuple[int, bytes]
    ) -> None:
        """Write content, names and rows, each from its place on; the rows last.

        What fails can be tried again.
        """
        if self._index._h5.shape[0] != rows[0]:
            raise FileChangedElsewhere(
                f"{self._where}: another object, which reached the group by another path, has "
                "written files since; open the group once"
            )
        _write(self._data, *data)
        self.size = self._data._h5.shape[0]
        _write(self._names, *names)
        # A file exists when its row does: on the disk too.
        with told_as_failure(self._group._tree, self._group._v_pathname):
            self._group._tree.h5.flush()
        self._index._append(np.frombuffer(rows[1], ROW))

    @property
    def _where(self) -> str:
        return f"{self._group._tree.filename}: {self._group._v_pathname}"

    def _damaged(self, why: str) -> DamagedFile:
        return DamagedFile(f"{self._where} cannot be read as packed files: {why}")

    def _child(self, name: str) -> Any:
        if name not in self._group:
            raise self._damaged(f"it has no {name!r}")
        found = self._group[name]
        if not isinstance(found, EArray | Table):
            return found
        kind, path = type(found), found._v_pathname
        if found._h5.id.get_create_plist().get_nfilters():
            return found
        del found  # or what it was opened with would stay
        # So that HDF5 reads the bytes asked for, and neither reads nor keeps all their chunks.
        access = h5p.create(h5p.DATASET_ACCESS)
        access.set_chunk_cache(1, 0, 1.0)
        return kind(self._group._tree, path, h5d.open(self._group._h5.id, name.encode(), access))

    def _bytes_in(self, name: str) -> EArray:
        node = self._child(name)
        if not isinstance(node, EArray) or node.ndim != 1 or node.dtype != np.uint8:
            raise self._damaged(f"{name!r} is no array of bytes that can grow")
        return node

    def _require_plausible(self, size: int, most: int = _UNASKED) -> None:
        if size > most and size > self._group._tree.h5.id.get_filesize():
            raise self._damaged(f"{size} bytes at once are more than the whole file has")


def _write(node: Any, at: int, content: bytes) -> None:
    with told_as_failure(node._tree, node._v_pathname):
        node._h5.id.set_extent((at,))
    node._append(np.frombuffer(content, np.uint8))
