"""New nodes in a file, as PyTables has them: a type, a layout, and the attributes it looks for.

Each gives the identifier of what it made.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from h5py import h5d, h5g, h5p, h5s  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument
from longtake.hdf.attributes import Packed, add_packed, pack
from longtake.tree.chunk_shape import chunk_rows, chunk_shape
from longtake.tree.description import simple_columns
from longtake.tree.node_type import FILE
from longtake.tree.stored_type import stored_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longtake.tree.filters import Filters

#: In version 1 of PyTables' file nodes, the bytes had a second dimension.
_FILE_VERSION = np.int64(2)
# HDF5 keeps an object's header in 64 KiB: attributes of many columns go to a heap beyond this.
_MOST_COMPACT_ATTRIBUTES, _LEAST_DENSE_ATTRIBUTES = 1000, 500


def create_group(parent: Any, name: str, title: str) -> Any:
    """Make a group."""
    made = h5g.create(parent, name.encode())
    _mark(made, CLASS="GROUP", TITLE=title, VERSION="1.0")
    return made


def create_array(parent: Any, name: str, values: np.ndarray, title: str) -> Any:
    """Make an array of fixed size, in one piece."""
    kind = stored_type(values.dtype)
    made = h5d.create(parent, name.encode(), kind, _space(values.shape), _plist(None))
    if values.size:
        made.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(values), kind)
    _mark(made, CLASS="ARRAY", FLAVOR="numpy", TITLE=title, VERSION="2.4")
    return made


def create_carray(
    parent: Any,
    name: str,
    dtype: np.dtype,
    shape: Sequence[int],
    title: str,
    filters: Filters,
    chunks: Sequence[int] | None = None,
) -> Any:
    """Make an array of fixed size in chunks, all zeros."""
    if 0 in shape:
        raise InvalidArgument(f"{name!r} in chunks has a shape without zeros, not {tuple(shape)}")
    plist = _plist(filters, chunks or chunk_shape(shape, dtype.itemsize))
    made = h5d.create(parent, name.encode(), stored_type(dtype), _space(shape), plist)
    _mark(made, CLASS="CARRAY", TITLE=title, VERSION="1.1")
    return made


def create_earray(
    parent: Any,
    name: str,
    dtype: np.dtype,
    shape: Sequence[int],
    title: str,
    filters: Filters,
    expected_rows: int,
    chunks: Sequence[int] | None = None,
) -> Any:
    """Make an empty array that grows along the one axis that is 0 in its shape."""
    if list(shape).count(0) != 1:
        raise InvalidArgument(
            f"{name!r} grows along the one axis that is 0 in its shape, and {tuple(shape)} has "
            f"{list(shape).count(0)} of them"
        )
    axis = list(shape).index(0)
    expected = [expected_rows if side == 0 else side for side in shape]
    most = tuple(h5s.UNLIMITED if side == 0 else side for side in shape)
    plist = _plist(filters, chunks or chunk_shape(expected, dtype.itemsize))
    space = h5s.create_simple(tuple(shape), most)
    made = h5d.create(parent, name.encode(), stored_type(dtype), space, plist)
    _mark(made, CLASS="EARRAY", EXTDIM=np.int32(axis), TITLE=title, VERSION="1.1")
    return made


def create_file(parent: Any, name: str, title: str, filters: Filters, chunk: int) -> Any:
    """Make an empty file, which PyTables' filenode opens, in chunks of so many bytes."""
    made = create_earray(parent, name, np.dtype("u1"), (0,), title, filters, 1, (chunk,))
    _mark(made, NODE_TYPE=FILE, NODE_TYPE_VERSION=_FILE_VERSION)
    return made


def create_table(
    parent: Any,
    name: str,
    dtype: np.dtype,
    defaults: Mapping[str, Any],
    title: str,
    filters: Filters,
    expected_rows: int,
) -> Any:
    """Make an empty table."""
    plist = _plist(filters, (chunk_rows(dtype.itemsize, expected_rows),))
    space = h5s.create_simple((0,), (h5s.UNLIMITED,))
    made = h5d.create(parent, name.encode(), stored_type(dtype), space, plist)
    _mark(made, CLASS="TABLE", TITLE=title, VERSION="2.7", NROWS=np.int64(0))
    for number, column in enumerate(dtype.names or ()):
        _mark(made, **{f"FIELD_{number}_NAME": column})
    for number, path in enumerate(simple_columns(dtype)):
        _mark(made, **{f"FIELD_{number}_FILL": _fill(path, defaults, dtype)})
    return made


def _fill(path: tuple[str, ...], defaults: Any, dtype: np.dtype) -> Any:
    for name in path:
        defaults, dtype = defaults[name], dtype[name].base
    value = np.asarray(defaults, dtype)
    return value.astype(np.uint8)[()] if dtype.kind == "b" else value[()]


def _space(shape: Sequence[int]) -> Any:
    return h5s.create_simple(tuple(shape)) if len(shape) else h5s.create(h5s.SCALAR)


def _plist(filters: Filters | None, chunks: Sequence[int] | None = None) -> Any:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_attr_phase_change(_MOST_COMPACT_ATTRIBUTES, _LEAST_DENSE_ATTRIBUTES)
    if chunks is not None:
        plist.set_chunk(tuple(chunks))
    if filters is not None:
        filters.add_to(plist)
    return plist


def _mark(node: Any, **attributes: Any) -> None:
    for name, value in attributes.items():
        add_packed(node, name, _packed_text(value) if isinstance(value, str) else pack(value))


@lru_cache(256)
def _packed_text(value: str) -> Packed:
    return pack(value)
