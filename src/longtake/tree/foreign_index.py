"""PyTables' indexes of a table's columns, which stand beside it and are not kept up here.

PyTables answers by an index without looking at the rows, and so wrongly once they were changed by
another program; an index that is marked as dirty it makes anew, or does without.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from longtake.hdf.attributes import pack, write_packed

_PREFIX = "_i_"
_DIRTY = pack(np.int32(1))


def index_path(path: str) -> str:
    """Give where PyTables has the indexes of a table."""
    parent, _, name = path.rpartition("/")
    return f"{parent}/{_PREFIX}{name}"


def has_indexes(h5: h5py.File, path: str) -> bool:
    """Whether there are indexes of the table at a path."""
    parent, _, name = index_path(path).rpartition("/")
    group = h5.get(parent or "/")
    return isinstance(group, h5py.Group) and group.id.links.exists(name.encode())


def mark_dirty(h5: h5py.File, path: str) -> None:
    """Mark the indexes of the table at a path as out of date, if it has any."""
    if not has_indexes(h5, path):
        return
    top = h5.get(index_path(path))

    def mark(_name: str, node: Any) -> None:
        if isinstance(node, h5py.Group) and "DIRTY" in node.attrs:
            write_packed(node, "DIRTY", _DIRTY)

    if isinstance(top, h5py.Group):
        top.visititems(mark)


def remove_indexes(h5: h5py.File, path: str) -> None:
    """Remove the indexes of a table that is no more: another of its name must not have them."""
    if has_indexes(h5, path):
        h5.id.unlink(index_path(path).encode())


def move_indexes(h5: h5py.File, path: str, new: str) -> None:
    """Move the indexes of a table that was moved."""
    if has_indexes(h5, path):
        h5.move(index_path(path), index_path(new))
