"""Giving a file that was made without a name its own: in place of an older one, as a whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5a, h5f, h5i, h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import LongtakeError, WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.tree.tree import Tree

_OF_EVERY_FILE = {b"CLASS", b"EXTDIM", b"VERSION", b"NODE_TYPE", b"NODE_TYPE_VERSION"}


def give_name(group: Any, name: str, made: Any) -> None:
    """Give a new file its name in a group."""
    h5o.link(made, group, name.encode())


def take_place(tree: Tree, group: Any, name: bytes, made: Any, old: Any) -> None:
    """Give a file the name of an older one in a group.

    Nodes taken of the older one show the new one from then on.
    """
    group.unlink(name)
    try:
        h5o.link(made, group, name)
    except BaseException:
        h5o.link(old, group, name)
        raise
    _close_all(tree, old, made)


def close_unnamed(made: Any) -> None:
    """Close a file that came to nothing, in whoever's hands: without a name, it is gone then."""
    while made.valid:
        h5i.dec_ref(made)


@contextmanager
def told_as_failure(tree: Tree, path: str) -> Iterator[None]:
    """Make of what HDF5 raises where it cannot write a `WriteFailed`."""
    try:
        yield
    except (OSError, RuntimeError, KeyError) as error:
        if isinstance(error, LongtakeError):
            raise
        raise WriteFailed(
            getattr(error, "errno", None), f"{tree.filename}: {path} could not be written: {error}"
        ) from error


def copy_attributes(old: Any, new: Any) -> None:
    """Give a file that was just made the attributes of another, byte for byte."""
    for number in range(h5a.get_num_attrs(old)):
        name = h5a.open(old, index=number).name
        if name not in _OF_EVERY_FILE:
            _copy_attribute(old, new, name)


def _copy_attribute(old: Any, new: Any, name: bytes) -> None:
    found = h5a.open(old, name)
    kind, space = found.get_type(), found.get_space()
    if h5a.exists(new, name):
        h5a.delete(new, name)
    made = h5a.create(new, name, kind, space)
    if space.get_simple_extent_type() != h5py.h5s.NULL:
        values = np.empty(space.shape, f"V{kind.get_size()}")
        found.read(values, mtype=kind)
        made.write(values, mtype=kind)


def _close_all(tree: Tree, old: Any, new: Any) -> None:
    """Close a file that lost its name, in whoever's hands; nodes open the new one."""
    address = h5o.get_info(old).addr
    known = {one.id for one in (old, new, *tree._written.values()) if one}
    # To count what is open is quick, to look at each is not: mostly nobody else has it.
    if h5f.get_obj_count(tree.h5.id, h5f.OBJ_DATASET) > len(known):
        for found in h5f.get_obj_ids(tree.h5.id, h5f.OBJ_DATASET):
            if found.id != old.id and h5o.get_info(found).addr == address:
                close_unnamed(found)
    close_unnamed(old)
    tree.releases += 1
