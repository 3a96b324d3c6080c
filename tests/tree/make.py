"""Trees to look at, for the tests of the tree."""

from __future__ import annotations

import h5py

from longtake.tree import File


def open_tree(path, rows=None) -> File:
    """Open any HDF5 file as a tree."""
    return File(h5py.File(path, "r"), rows)
