"""Writing a file as a node that is there as a whole, or not at all."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import numpy as np
from h5py import h5o, h5s  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf.attributes import pack, write_packed
from longtake.tree.files.node_type import MODIFIED, create_file
from longtake.tree.files.open_to_write import require_not_open
from longtake.tree.files.taking_place import (
    close_unnamed,
    copy_attributes,
    give_name,
    take_place,
    told_as_failure,
)

if TYPE_CHECKING:
    from longtake.tree.filters import Filters
    from longtake.tree.group import Group
    from longtake.tree.tree import Tree

_LEAST, _CHUNK, _BLOCK = 64 * 1024, 1024 * 1024, 4 * 1024 * 1024


def write_whole(
    group: Group, name: str, content: IO[bytes], size: int, modified: int, filters: Filters
) -> int:
    """Write a file into a group, and give its bytes.

    Parameters
    ----------
    group : Group
        A file of that name in it is replaced once the new one is whole; it keeps its attributes.
    name : str
    content : file object
        Read to its end.
    size : int
        About how many bytes it has: its chunks are chosen by that.
    modified : int
        Nanoseconds since 1970, UTC.
    filters : Filters

    Raises
    ------
    WriteFailed
        If the disk is full; what was there before is as it was.
    """
    tree, parent, key = group._tree, group._h5.id, name.encode()
    old = h5o.open(parent, key) if parent.links.exists(key) else None
    if old is not None:
        require_not_open(tree, group._inside(name))
    first = content.read(min(max(size + 1, _LEAST), _BLOCK))
    with told_as_failure(tree, group._inside(name)):
        tree.require_room(0)
        made = create_file(parent, "", filters, min(max(1, len(first)), _CHUNK))
        try:
            written = _write(tree, made, first, content)
            if old is not None:
                copy_attributes(old, made)
            write_packed(made, MODIFIED, pack(np.int64(modified)))
            if old is None:
                give_name(parent, name, made)
            else:
                take_place(tree, parent, key, made, old)
        except BaseException:
            close_unnamed(made)
            raise
    return written


def _write(tree: Tree, made: Any, block: bytes, content: IO[bytes]) -> int:
    at = 0
    while block:
        tree.require_room(len(block))
        made.set_extent((at + len(block),))
        space = made.get_space()
        space.select_hyperslab((at,), (len(block),))
        made.write(h5s.create_simple((len(block),)), space, np.frombuffer(block, np.uint8))
        at += len(block)
        block = content.read(_BLOCK)
    return at
