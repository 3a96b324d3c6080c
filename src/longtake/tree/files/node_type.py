"""What a node says it is besides a group or an array: a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from h5py import h5d, h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, NotFound
from longtake.hdf.attributes import read_attribute
from longtake.tree import creation
from longtake.tree.leaf import Array

if TYPE_CHECKING:
    from longtake.tree.filters import Filters

#: PyTables' name for an array of bytes that is a file.
FILE = "file"
#: Our attribute of a file: when it was last changed, in nanoseconds since 1970, UTC.
MODIFIED = "modified"
#: In version 1 of PyTables' file nodes, the bytes had a second dimension.
_FILE_VERSION = np.int64(2)


def create_file(parent: Any, title: str, filters: Filters, chunk: int) -> Any:
    """Make an empty file, which PyTables' filenode opens, in chunks of so many bytes.

    It has no name yet, and is gone when it is closed without one: so no draft is in anybody's way.
    """
    space = h5s.create_simple((0,), (h5s.UNLIMITED,))
    plist = creation._plist(filters, (chunk,))
    made = h5d.create(parent, None, h5t.STD_U8LE, space, plist)
    array = {"CLASS": "EARRAY", "EXTDIM": np.int32(0), "TITLE": title, "VERSION": "1.1"}
    creation.mark(made, **array, NODE_TYPE=FILE, NODE_TYPE_VERSION=_FILE_VERSION)
    return made


def node_type(node: Any) -> Any:
    """Give what a node is marked as, None if it is not marked."""
    marked = attribute(node, "NODE_TYPE")
    return marked.decode("utf-8", "replace") if isinstance(marked, bytes) else marked


def is_file(node: Any) -> bool:
    """Whether a node is a file, ours or PyTables': bytes, which once had a second dimension."""
    if not isinstance(node, Array) or not is_marked(node, FILE):
        return False
    shape = node._h5.shape
    return shape != () and shape[1:] in {(), (1,)} and node.dtype.itemsize == 1


def is_marked(node: Any, kind: str) -> bool:
    """Whether a node is marked as a thing of some kind."""
    marked = node_type(node)
    return isinstance(marked, str) and marked == kind


def modified(node: Any) -> int | None:
    """Give when a file was last changed, None if it does not say so."""
    try:
        return int(attribute(node, MODIFIED))
    except (TypeError, ValueError, OverflowError):
        return None


def attribute(node: Any, name: str) -> Any:
    """Give an attribute of a node, None if there is none that can be read."""
    # Not by the node's attributes, which list all to find one: there may be many files.
    try:
        return read_attribute(node._h5, name)
    except (NotFound, DamagedFile):
        return None
