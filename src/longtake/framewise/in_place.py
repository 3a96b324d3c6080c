"""A new object takes the place of an old one in a file, in a way that can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

if TYPE_CHECKING:
    from contextlib import ExitStack


def put_in_place(
    undo: ExitStack,
    where: h5py.h5g.GroupID,
    name: bytes,
    new: h5py.h5g.GroupID | h5py.h5d.DatasetID,
    before: bytes | None = None,
) -> None:
    """Give a name to an object that has none; what had the name, or was `before` it, is gone.

    An object that is made without a name is not in the file for anybody, so that it may be filled
    in several steps, any of which may fail.
    """
    remove(undo, where, name)
    if before is not None:
        remove(undo, where, before)
    h5o.link(new, where, name)
    undo.callback(where.unlink, name)


def remove(undo: ExitStack, where: h5py.h5g.GroupID, name: bytes) -> None:
    """Take an object out of a group, if it is there."""
    if where.links.exists(name):
        # Open, it lives on without a name, and can be given it back.
        old = h5o.open(where, name)
        where.unlink(name)
        undo.callback(h5o.link, old, where, name)
