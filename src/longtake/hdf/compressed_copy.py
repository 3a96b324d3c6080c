"""A copy of an HDF5 file whose datasets are compressed, verified byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import h5py
import numpy as np
from h5py import h5a, h5d, h5o, h5p, h5s, h5t, h5z  # pyright: ignore[reportAttributeAccessIssue]
from xxhash import xxh3_64

from longtake.errors import WriteFailed
from longtake.hdf.foreign_filters import load_filter_plugins
from longtake.hdf.plain_file import StoredDataset
from longtake.hdf.references import References

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from longtake.hdf.dataset import GrowingDataset
    from longtake.hdf.raw_file import RawFile

Codec = Literal["zstd", "gzip"]

_BLOCK_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
#: Rows of so many bytes are a chunk each; smaller ones of several dimensions share larger chunks.
_CHUNK_OF_ITS_OWN = 64 * 1024
_SHARED_CHUNK_BYTES = 1024 * 1024
_GZIP_LEVEL = 4
_JOURNAL = "/control/journal"


class CompressedCopy:
    """Copies groups, attributes, links and datasets, and knows the digest of each dataset.

    Parameters
    ----------
    raw : RawFile
        Of the file that is copied.
    in_use : mapping of str to GrowingDataset
        By path, the datasets of which only the rows in use are to be copied.
    codec : {"zstd", "gzip"}
        Blosc2's zstd of level 1 on shuffled bytes, which needs hdf5plugin (or PyTables) to be
        read; or HDF5's own shuffle and gzip, which every program reads.

    Guarantees
    ----------
    Links to other files are copied as links, and references to objects as those to their copies.
    The structure journal, which is only of use where rows are appended in place, is left out.
    Memory: a block of 8 MiB, or a row.

    Attributes
    ----------
    lost : list of str
        What could not be copied: references to parts of datasets, or to what is not in the copy.
    """

    def __init__(self, raw: RawFile, in_use: Mapping[str, GrowingDataset], codec: Codec) -> None:
        self._raw = raw
        self._in_use = in_use
        self._codec: Codec = codec
        self._known: dict[int, str] = {}  # where the object at each address was copied to
        self._digests: dict[str, tuple[int, int]] = {}  # rows, xxh3
        # What holds references: an object, its copy, and the attribute, if it is one.
        self._referring: list[tuple[str, str, str | None]] = []
        self.lost: list[str] = []

    def copy(self, source: h5py.File, target: h5py.File) -> None:
        """Copy everything into an empty file."""
        self._copy_attributes(source, target)
        waiting: list[tuple[h5py.Group, h5py.Group]] = [(source, target)]
        while waiting:
            old, new = waiting.pop()
            self._known[_address(old)] = str(new.name)
            for name in list(old):
                waiting += self._copy_member(old, new, name)
        references = References(source, target, self._known)
        for old_path, new_path, attribute in self._referring:
            if attribute is None:
                references.carry_dataset(old_path, new_path)
            else:
                references.carry_attribute(old_path, new_path, attribute)
        self.lost = references.lost

    def verify(self, path: Path) -> None:
        """Read the copy again and compare.

        Raises
        ------
        WriteFailed
            If it does not hold what was copied.
        """
        with h5py.File(path, "r") as h5:
            for name, (rows, digest) in self._digests.items():
                dataset = StoredDataset(self._raw, cast("h5py.Dataset", h5[name]))
                found = xxh3_64()
                for block in _blocks(dataset, dataset.capacity):
                    found.update(_bytes_of(block))
                if (dataset.capacity, found.intdigest()) != (rows, digest):
                    raise WriteFailed(
                        f"the copy of {self._raw.path} does not hold what was written to {name}: "
                        "the disk or the memory is faulty; nothing was packed"
                    )

    def _copy_member(
        self, old: h5py.Group, new: h5py.Group, name: str
    ) -> list[tuple[h5py.Group, h5py.Group]]:
        """Copy one member; give the pair of groups that is to be copied next, if it is a group."""
        link = old.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            new[name] = link
            return []
        found: Any = old[name]
        if found.name == _JOURNAL:
            return []
        known = self._known.get(_address(found))
        if known is not None:
            new[name] = new.file[known]
            return []
        if isinstance(found, h5py.Group):
            made = new.create_group(name)
            self._copy_attributes(found, made)
            return [(found, made)]
        self._known[_address(found)] = f"{new.name}/{name}"
        if isinstance(found, h5py.Dataset) and self._is_compressible(found):
            self._copy_dataset(found, new, name)
        else:
            self._copy_as_it_is(old, new, name)
        return []

    def _copy_as_it_is(self, old: h5py.Group, new: h5py.Group, name: str) -> None:
        # Attributes apart: those that are references would come to nothing.
        plain = h5p.create(h5p.OBJECT_COPY)
        plain.set_copy_object(h5o.COPY_WITHOUT_ATTR_FLAG)
        h5o.copy(old.id, name.encode(), new.id, name.encode(), plain)
        found, made = old[name], new[name]
        if isinstance(found, h5py.Dataset) and found.id.get_type().detect_class(h5t.REFERENCE):
            self._referring.append((str(found.name), str(made.name), None))
        self._copy_attributes(found, made)

    def _is_compressible(self, dataset: h5py.Dataset) -> bool:
        if str(dataset.name) in self._in_use:
            return True
        if not dataset.shape or not dataset.size or dataset.dtype.hasobject:
            return False
        if dataset.is_virtual or dataset.external:
            return False
        # What numpy cannot say exactly is copied as it is; so is what was compressed before.
        is_exact = h5t.py_create(dataset.dtype, logical=True) == dataset.id.get_type()
        return is_exact and not dataset.id.get_create_plist().get_nfilters()

    def _copy_dataset(self, old: h5py.Dataset, group: h5py.Group, name: str) -> None:
        path = str(old.name)
        stored = self._in_use.get(path)
        if stored is None:
            stored = cast("GrowingDataset", StoredDataset(self._raw, old))
            stored.rows = stored.capacity
        rows, rest = stored.rows, stored.row_shape
        kind = old.id.get_type().copy()
        space = h5s.create_simple((rows, *rest), (h5s.UNLIMITED, *rest))
        made = h5d.create(group.id, name.encode(), kind, space, self._layout(stored))
        new, digest = h5py.Dataset(made), xxh3_64()
        at = 0
        for block in _blocks(stored, rows):
            new[at : at + len(block)] = block
            digest.update(_bytes_of(block))
            at += len(block)
        self._digests[path] = (rows, digest.intdigest())
        self._copy_attributes(old, new)
        if "NROWS" in new.attrs:
            new.attrs.modify("NROWS", np.int64(rows))

    def _copy_attributes(self, old: Any, new: Any) -> None:
        """Copy attributes as they are, whatever their values mean; none is decoded."""
        for name in list(old.attrs):
            if not _copy_attribute(old, new, name):
                self._referring.append((str(old.name), str(new.name), name))

    def _layout(self, stored: GrowingDataset) -> Any:
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((_chunk_rows(stored), *(max(1, length) for length in stored.row_shape)))
        if self._codec == "gzip":
            plist.set_shuffle()
            plist.set_deflate(_GZIP_LEVEL)
            return plist
        import hdf5plugin

        load_filter_plugins()
        blosc = hdf5plugin.Blosc2(cname="zstd", clevel=1, filters=hdf5plugin.Blosc2.SHUFFLE)
        plist.set_filter(blosc.filter_id, h5z.FLAG_OPTIONAL, blosc.filter_options)
        return plist


def _chunk_rows(stored: GrowingDataset) -> int:
    size = max(1, stored.row_bytes)
    if stored.row_shape and size >= _CHUNK_OF_ITS_OWN:
        return 1
    most = (_SHARED_CHUNK_BYTES if stored.row_shape else _CHUNK_BYTES) // size
    return max(1, min(most, stored.rows))


def _blocks(dataset: GrowingDataset | StoredDataset, rows: int) -> Iterator[np.ndarray]:
    most = max(1, _BLOCK_BYTES // max(1, dataset.row_bytes))
    for first in range(0, rows, most):
        yield dataset.read(first, min(most, rows - first))


def _bytes_of(block: np.ndarray) -> memoryview:
    return np.ascontiguousarray(block).reshape(-1).view(np.uint8).data


def _address(node: Any) -> int:
    return h5o.get_info(node.id).addr


def _copy_attribute(old: Any, new: Any, name: str) -> bool:
    """Copy an attribute, unless it holds references; say which it was."""
    key = name.encode("utf-8", "surrogateescape")
    attribute = h5a.open(old.id, key)
    kind, space = attribute.get_type(), attribute.get_space()
    if kind.detect_class(h5t.REFERENCE):
        return False
    copied = h5a.create(new.id, key, kind.copy(), space)
    if space.get_simple_extent_type() == h5s.NULL:
        return True
    is_variable = isinstance(kind, h5t.TypeStringID) and kind.is_variable_str()
    if is_variable or kind.detect_class(h5t.VLEN):
        values = np.empty(attribute.shape, attribute.dtype)
        attribute.read(values)
        copied.write(values)
        return True
    values = np.empty(attribute.shape, f"V{kind.get_size()}")
    attribute.read(values, mtype=kind)
    copied.write(values, mtype=kind)
    return True
