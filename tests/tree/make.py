"""Trees to look at, for the tests of the tree."""

from __future__ import annotations

import h5py
import numpy as np

from longtake.tree import File


def open_tree(path, rows=None) -> File:
    """Open any HDF5 file as a tree."""
    return File(h5py.File(path, "r"), rows)


def numbers(shape, dtype="f8") -> np.ndarray:
    """Make numbers over the whole range of a type, from its least to its greatest."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        return np.linspace(-most / 4, most / 4, count).astype(dtype).reshape(shape)
    least, most = (int(bound) for bound in (np.iinfo(dtype).min, np.iinfo(dtype).max))
    made = [least + (most - least) * number // max(1, count - 1) for number in range(count)]
    return np.array(made, dtype).reshape(shape)
