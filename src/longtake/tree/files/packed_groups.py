"""Groups that hold packed files: made, known and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import WrongType
from longtake.hdf.attributes import write_attribute
from longtake.tree import creation
from longtake.tree.files.node_type import is_marked
from longtake.tree.files.packed_data import VERSION
from longtake.tree.files.packed_files import PackedFiles
from longtake.tree.files.packed_index import ROW
from longtake.tree.filters import Filters
from longtake.tree.group import Group
from longtake.tree.tree import PACKED

if TYPE_CHECKING:
    from longtake.tree.file import File

# Of a compressed chunk all is read for one file in it; of a group with few files, one is lost.
_DATA_CHUNK, _NAMES_CHUNK, _EXPECTED_ROWS = 256 * 1024, 64 * 1024, 16 * 1024


def is_packed(node: Any) -> bool:
    """Whether a node is a group of packed files."""
    return isinstance(node, Group) and is_marked(node, PACKED)


def open_packed(node: Any) -> PackedFiles:
    """Open a group of packed files.

    Parameters
    ----------
    node : Group

    Returns
    -------
    PackedFiles
        The same object each time, while the HDF5 file is open. It can be written if that can.

    Raises
    ------
    WrongType
        If the node is no such group.
    DamagedFile
        If it cannot be read as one.
    """
    if not is_packed(node):
        raise WrongType(f"{node} is no group of packed files")
    there = node._tree.waiting.get(node._v_pathname)
    if isinstance(there, PackedFiles):
        return there
    made = PackedFiles(node)
    node._tree.waiting[node._v_pathname] = made
    return made


def create_packed(
    h5file: File,
    where: Any = "/",
    name: str | None = None,
    *,
    filters: Filters | None = None,
    createparents: bool = False,
) -> PackedFiles:
    """Make a group for millions of small files.

    Parameters
    ----------
    h5file : File
        Open to write.
    where : str or Group
    name : str, optional
        Of a new group in it; without, it is the group at `where` that becomes one of packed files.
    filters : Filters, optional
        How the content is compressed, in blocks of 256 KiB; as the file's others, if none are
        given.

    Returns
    -------
    PackedFiles

    Raises
    ------
    AlreadyExists
        If there is a node of that name.
    WrongType
        If the group has nodes in it.
    """
    if name is None:
        group = h5file._tree.parent(where, made=createparents)
    else:
        group = h5file.create_group(where, name, createparents=createparents)
    _make_packed(group, filters or h5file.filters)
    return open_packed(group)


def _make_packed(group: Group, filters: Filters) -> None:
    """Make an empty group one of packed files."""
    if len(group):
        raise WrongType(
            f"{group._tree.filename}: {group._v_pathname} has nodes in it, and packed files need a "
            "group of their own: give another name"
        )
    parent, plain = group._h5.id, Filters()
    creation.create_bytes(parent, "data", "", filters, _DATA_CHUNK)
    creation.create_bytes(parent, "names", "", plain, _NAMES_CHUNK)
    defaults = dict.fromkeys(ROW.names or (), 0)
    creation.create_table(parent, "index", ROW, defaults, "", plain, _EXPECTED_ROWS)
    write_attribute(group._h5, "NODE_TYPE_VERSION", np.int64(VERSION))
    write_attribute(group._h5, "NODE_TYPE", PACKED)
