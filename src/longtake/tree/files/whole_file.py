"""Writing a file as a node that is there as a whole, or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from h5py import h5o, h5s  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import WriteFailed
from longtake.hdf.attributes import pack, write_packed
from longtake.tree.files.node_bytes import DRAFT, copy_attributes
from longtake.tree.files.node_type import MODIFIED, create_file

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
    parent, is_there = group._h5.id, name in group._h5
    draft = f"{name}{DRAFT}" if is_there else name
    first = content.read(min(max(size + 1, _LEAST), _BLOCK))
    try:
        chunk = min(max(1, len(first)), _CHUNK)
        made = create_file(parent, draft, "", filters, chunk)
        written = _write(group._tree, made, first, content)
        if is_there:
            copy_attributes(h5o.open(parent, name.encode()), made)
        write_packed(made, MODIFIED, pack(np.int64(modified)))
        if is_there:
            parent.unlink(name.encode())
            parent.move(draft.encode(), name.encode())
    except BaseException as error:
        with suppress(KeyError, RuntimeError):
            parent.unlink(draft.encode())
        if isinstance(error, RuntimeError | OSError) and not isinstance(error, WriteFailed):
            raise WriteFailed(
                f"{group._tree.filename}: {group._inside(name)} could not be written: {error}"
            ) from error
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
