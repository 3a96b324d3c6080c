"""The flag `/finished`, by which other programs that follow a file know that they have all of it.

It is 0 from the making of a file on, and from the moment that somebody goes on writing it; closing
makes it 1, when everything else can be seen. Each is an ordinary structure change, and survives
what those survive: a file that was closed says 1, one that a crash left says 0 (or 1, if it came
when all was done but the last mark in the journal).
"""

from __future__ import annotations

from contextlib import suppress

import h5py
import numpy as np
from h5py import h5l  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf.layout import FINISHED


def is_told(h5: h5py.File) -> bool:
    """Whether the file says that all of it is there; False also where it has no flag."""
    flag = flag_of(h5)
    return flag is not None and bool(flag[0])


def tell(h5: h5py.File) -> None:
    """Say that all of the file is there."""
    _set(h5, 1)


def take_back(h5: h5py.File) -> None:
    """Say that there will be more."""
    _set(h5, 0)


def _set(h5: h5py.File, value: int) -> None:
    flag = flag_of(h5)
    if flag is not None:
        flag[0] = value


def flag_of(h5: h5py.File) -> h5py.Dataset | None:
    """Give the flag, unless what has its name is none of ours, or damaged."""
    links, name = h5.id.links, FINISHED.encode()
    if not links.exists(name) or links.get_info(name).type != h5l.TYPE_HARD:
        return None
    with suppress(OSError, RuntimeError, KeyError):
        found = h5[FINISHED]
        if isinstance(found, h5py.Dataset) and found.shape == (1,) and found.dtype == np.uint8:
            # One byte in place: to write it changes nothing else.
            return found if not found.id.get_create_plist().get_nfilters() else None
    return None
