"""New nodes in a file, as PyTables has them: a type, a layout, and the attributes it looks for.

Each gives the identifier of what it made.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5p, h5s  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument
from longtake.hdf.attributes import Packed, add_packed, pack
from longtake.tree.array_form import ArrayForm
from longtake.tree.chunk_shape import chunk_rows, chunk_shape, growing_chunk_shape
from longtake.tree.stored_type import stored_type
from longtake.tree.tables.description import simple_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longtake.tree.filters import Filters

# HDF5 keeps an object's header in 64 KiB: attributes of many columns go to a heap beyond this.
_MOST_COMPACT_ATTRIBUTES, _LEAST_DENSE_ATTRIBUTES = 1000, 500


def create_group(parent: Any, name: str, title: str) -> Any:
    """Make a group."""
    made = h5g.create(parent, name.encode())
    mark(made, CLASS="GROUP", TITLE=title, VERSION="1.0")
    return made


def create_array(parent: Any, name: str, values: np.ndarray, title: str) -> Any:
    """Make an array of fixed size, in one piece."""
    kind = _kept_type(values.dtype)
    made = h5d.create(parent, name.encode(), kind, _space(values.shape), _plain_plist())
    if values.size:
        made.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(values), kind)
    mark(made, CLASS="ARRAY", FLAVOR="numpy", TITLE=title, VERSION="2.4")
    return made


def create_carray(parent: Any, name: str, form: ArrayForm, title: str, filters: Filters) -> Any:
    """Make an array of fixed size in chunks, of which none is written yet."""
    if 0 in form.shape or not form.shape:
        raise InvalidArgument(
            f"{name!r} in chunks has a shape of sides from 1 on, not {form.shape}"
        )
    plist = _plist(filters, form.chunks or chunk_shape(form.shape, form.dtype.itemsize), form.fill)
    made = h5d.create(parent, name.encode(), stored_type(form.dtype), _space(form.shape), plist)
    mark(made, CLASS="CARRAY", TITLE=title, VERSION="1.1")
    return made


def create_earray(
    parent: Any, name: str, form: ArrayForm, title: str, filters: Filters, expected_rows: int
) -> Any:
    """Make an empty array that grows along the one axis that is 0 in its shape."""
    shape = form.shape
    if shape.count(0) != 1:
        raise InvalidArgument(
            f"{name!r} grows along the one axis that is 0 in its shape, and {shape} has "
            f"{shape.count(0)} of them"
        )
    most = tuple(h5s.UNLIMITED if side == 0 else side for side in shape)
    size = form.dtype.itemsize
    chunks = form.chunks or growing_chunk_shape(shape, size, expected_rows)
    plist = _plist(filters, chunks, form.fill)
    space = h5s.create_simple(shape, most)
    made = h5d.create(parent, name.encode(), stored_type(form.dtype), space, plist)
    mark(made, CLASS="EARRAY", EXTDIM=np.int32(shape.index(0)), TITLE=title, VERSION="1.1")
    return made


def create_bytes(parent: Any, name: str, title: str, filters: Filters, chunk: int) -> Any:
    """Make an empty array of bytes that grows, in chunks of so many."""
    form = ArrayForm(np.dtype("u1"), (0,), (chunk,), None, None)
    return create_earray(parent, name, form, title, filters, 0)


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
    mark(made, CLASS="TABLE", TITLE=title, VERSION="2.7", NROWS=np.int64(0))
    for number, column in enumerate(dtype.names or ()):
        mark(made, **{f"FIELD_{number}_NAME": column})
    for number, path in enumerate(simple_columns(dtype)):
        mark(made, **{f"FIELD_{number}_FILL": _fill(path, defaults, dtype)})
    return made


def _fill(path: tuple[str, ...], defaults: Any, dtype: np.dtype) -> Any:
    for name in path:
        defaults, dtype = defaults[name], dtype[name].base
    value = np.asarray(defaults, dtype)
    return value.astype(np.uint8)[()] if dtype.kind == "b" else value[()]


# Thousands of small arrays are alike: HDF5 takes longer to describe them than to make them.
@lru_cache(256)
def _kept_type(dtype: np.dtype) -> Any:
    return stored_type(dtype)


@lru_cache(256)
def _space(shape: tuple[int, ...]) -> Any:
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)


@lru_cache(1)
def _plain_plist() -> Any:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_attr_phase_change(_MOST_COMPACT_ATTRIBUTES, _LEAST_DENSE_ATTRIBUTES)
    return plist


def _plist(filters: Filters, chunks: Sequence[int], fill: Any = None) -> Any:
    plist = _plain_plist().copy()
    plist.set_chunk(tuple(chunks))
    if fill is not None:
        plist.set_fill_value(_fill_value(fill))
    filters.add_to(plist)
    return plist


def _fill_value(fill: Any) -> np.ndarray:
    """Give what an element is that was never written, as h5py sets it rightly."""
    value = np.asarray(fill)
    if value.dtype.kind != "S":
        return value
    # Of text of a fixed length it would take the address; this kind HDF5 makes into that.
    return np.array(value.item(), h5py.string_dtype("ascii"))


def mark(node: Any, **attributes: Any) -> None:
    """Add attributes to what was just made."""
    for name, value in attributes.items():
        add_packed(node, name, _packed_text(value) if isinstance(value, str) else pack(value))


@lru_cache(256)
def _packed_text(value: str) -> Packed:
    return pack(value)
