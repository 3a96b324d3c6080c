"""Making the datasets of a stream, and refusing what they cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.hdf import GrowingDataset, layout
from longtake.streams.columns import ColumnSet, index_dtype
from longtake.streams.frame_keys import create_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    import h5py

    from longtake.hdf.raw_file import RawFile

_INDEX_CHUNK = 2048
_COLUMN_CHUNK_BYTES = 256 * 1024
#: A frame of so many bytes is a chunk; smaller ones share chunks of about `_FRAMES_CHUNK_BYTES`.
_CHUNK_OF_ITS_OWN = 64 * 1024
_FRAMES_CHUNK_BYTES = 1024 * 1024
_MOST_CHUNK_BYTES = 2**32 - 1
_LONGEST_NAME = 255
_NUMBERS = "biufS"


def create_columns(
    raw: RawFile,
    group: h5py.Group,
    index: str,
    key_name: str,
    dtypes: Mapping[str, np.dtype],
    position: int,
) -> ColumnSet:
    """Make an index, and a dataset for each column."""
    columns = {}
    rows = _create_index(group, index, key_name)
    for i, (name, dtype) in enumerate(dtypes.items(), position):
        stored = dtype.newbyteorder("<")
        chunk = max(1, _COLUMN_CHUNK_BYTES // stored.itemsize)
        made = layout.create_column(group, name, stored, rows=chunk, chunk_rows=chunk)
        layout.mark_column(made, index, i)
        columns[name] = GrowingDataset.of(raw, made)
    return ColumnSet(GrowingDataset.of(raw, rows), columns)


def create_entries(raw: RawFile, group: h5py.Group) -> ColumnSet:
    """Make an index, and a dataset of bytes for entries of any shape."""
    return create_columns(raw, group, "index", "timestamp", {"data": np.dtype("u1")}, 0)


def create_frames(
    raw: RawFile, group: h5py.Group, shape: tuple[int, ...], dtype: np.dtype
) -> ColumnSet:
    """Make an index, a dataset of frames, and their keys."""
    rows = _create_index(group, "index", "timestamp")
    size = dtype.itemsize * int(np.prod(shape))
    chunk = 1 if size >= _CHUNK_OF_ITS_OWN else max(1, _FRAMES_CHUNK_BYTES // size)
    made = layout.create_column(
        group, "data", dtype.newbyteorder("<"), rows=chunk, chunk_rows=chunk, row_shape=shape
    )
    layout.mark_column(made, "index", 0)
    keys = GrowingDataset.of(raw, create_keys(group))
    return ColumnSet(GrowingDataset.of(raw, rows), {"data": GrowingDataset.of(raw, made)}, keys)


def create_rows(
    raw: RawFile, group: h5py.Group, dtype: np.dtype, row_shape: tuple[int, ...]
) -> ColumnSet:
    """Make an index, and one dataset of rows: a table if they have fields."""
    rows = _create_index(group, "index", "timestamp")
    stored = dtype.newbyteorder("<")
    size = stored.itemsize * int(np.prod(row_shape))
    chunk = max(1, _COLUMN_CHUNK_BYTES // size)
    if stored.names:
        made = layout.create_table(group, "data", stored, rows=chunk, chunk_rows=chunk)
    else:
        made = layout.create_column(
            group, "data", stored, rows=chunk, chunk_rows=chunk, row_shape=row_shape
        )
    layout.mark_column(made, "index", 0)
    return ColumnSet(GrowingDataset.of(raw, rows), {"data": GrowingDataset.of(raw, made)})


def _create_index(group: h5py.Group, name: str, key_name: str) -> h5py.Dataset:
    return layout.create_table(
        group, name, index_dtype(key_name), rows=_INDEX_CHUNK, chunk_rows=_INDEX_CHUNK
    )


def require_name(name: str) -> None:
    """Refuse names that HDF5 cannot hold, or that a stream needs itself."""
    if not isinstance(name, str) or not name or name in {".", "index"}:
        raise InvalidArgument(f"{name!r} cannot be the name of a stream or column")
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        length = _LONGEST_NAME + 1
    if "/" in name or "\0" in name or length > _LONGEST_NAME:
        raise InvalidArgument(
            f"the name {name!r} cannot be stored: names have no '/' and no NUL, and at most "
            f"{_LONGEST_NAME} bytes"
        )


def require_storable(column: str, dtype: np.dtype) -> None:
    """Refuse types that are not numbers, booleans or bytes of a fixed length."""
    base = dtype.base if dtype.subdtype else dtype
    if base.kind not in _NUMBERS or dtype.itemsize == 0:
        raise WrongType(
            f"column {column!r} cannot be of {dtype}: a column holds numbers, booleans, or bytes "
            "of a fixed length"
        )


def require_frames(name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse frames that a dataset cannot hold."""
    require_storable(name, dtype)
    size = dtype.itemsize * int(np.prod(shape, dtype=object))
    if not 0 < size <= _MOST_CHUNK_BYTES:
        raise InvalidArgument(
            f"{name!r}: frames of shape {shape} and {dtype} take {size} bytes; from 1 to "
            f"{_MOST_CHUNK_BYTES} can be stored"
        )


def require_rows(name: str, dtype: np.dtype, row_shape: tuple[int, ...]) -> None:
    """Refuse rows that a dataset cannot hold."""
    for field in dtype.names or ():
        require_name(field)
        require_storable(field, dtype[field])
    if not dtype.names:
        require_frames(name, row_shape, dtype)
    elif row_shape:
        raise InvalidArgument(f"{name!r}: rows with fields have no shape besides, as {row_shape}")


def require_links(where: str, count: int) -> None:
    """Refuse what would make HDF5 turn a group into the kind that live readers crash on."""
    if count > layout.MOST_LINKS:
        raise InvalidArgument(
            f"{where} would have {count} members, and a group of a file that is being written has "
            f"at most {layout.MOST_LINKS}"
        )
