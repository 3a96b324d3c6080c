"""One byte for each frame, 1 once it is there: what programs go by that follow key datasets.

Element i of ``/frame_stream/<name>/key`` is written after frame i and its row of the index, so who
finds it non-zero finds the frame. The index stays what decides whether a frame exists: a key that
a crash kept back is written when the file is next opened to be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from longtake.hdf import layout

if TYPE_CHECKING:
    from longtake.hdf import GrowingDataset

#: The name of the dataset.
KEY = "key"
#: The key of a frame that is there. (1, so that the products that followers of several key datasets
#: make of them stay 1.)
THERE = b"\1"
#: Bytes in a chunk: whoever follows keys reads all of them at each look.
_CHUNK = 4096
_BLOCK = 1024 * 1024


def create_keys(group: h5py.Group) -> h5py.Dataset:
    """Make the keys of a frame stream."""
    return layout.create_column(group, KEY, np.dtype("u1"), rows=_CHUNK, chunk_rows=_CHUNK)


def are_keys(node: object) -> bool:
    """Whether a member of that name is what `create_keys` makes, not another program's."""
    return isinstance(node, h5py.Dataset) and node.dtype == np.uint8 and len(node.shape or ()) == 1


def untold(keys: GrowingDataset, first: int, end: int) -> np.ndarray:
    """Give those of frames [first, end) whose key is zero."""
    found = [np.empty(0, np.int64)]
    for at in range(first, end, _BLOCK):
        block = keys.read(at, min(_BLOCK, end - at))
        found.append(np.flatnonzero(block == 0) + at)
    return np.concatenate(found)


def complete(keys: GrowingDataset, first: int, end: int) -> None:
    """Tell of those of frames [first, end) whose key was kept back."""
    missing = untold(keys, first, end)
    if len(missing):
        low, high = int(missing[0]), int(missing[-1]) + 1
        keys.write(low, THERE * (high - low))
