"""References from object to object of a file, made to mean the same in a copy of it.

A reference is where an object lies in its file, so it cannot be copied as its bytes are. It may be
an attribute or the rows of a dataset, as itself, in a field, or in a list (HDF5's dimension scales
have all of these).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5a, h5o, h5s  # pyright: ignore[reportAttributeAccessIssue]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLOCK_VALUES = 65_536
_UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError)


class References:
    """Carries the references of a file over into its copy, once all objects were copied.

    Parameters
    ----------
    source, target : h5py.File
    places : mapping of int to str
        Where the object at each address of the source is in the target.
    """

    def __init__(self, source: h5py.File, target: h5py.File, places: Mapping[int, str]) -> None:
        self._source = source
        self._target = target
        self._places = places
        #: What could not be carried over, and why.
        self.lost: list[str] = []

    def carry_attribute(self, old_path: str, new_path: str, name: str) -> None:
        """Give the copy of an object an attribute that holds references."""
        old, new = self._source[old_path], self._target[new_path]
        try:
            key = name.encode("utf-8", "surrogateescape")
            attribute = h5a.open(old.id, key)
            values = np.empty(attribute.shape, attribute.dtype)
            attribute.read(values)
            moved = self._moved(values, attribute.dtype)
            made = h5a.create(new.id, key, attribute.get_type().copy(), attribute.get_space())
            made.write(moved)
        except _UNREADABLE as error:
            self.lost.append(f"attribute {name!r} of {old_path}: {error}")

    def carry_dataset(self, old_path: str, new_path: str) -> None:
        """Write the references of a dataset into its copy, which has everything else."""
        old: Any = self._source[old_path]
        new: Any = self._target[new_path]
        try:
            for held, there in _blocks(old):
                values = np.empty(held.shape, old.dtype)
                old.id.read(held, there, values)
                new.id.write(held, there, self._moved(values, old.dtype))
        except _UNREADABLE as error:
            self.lost.append(f"references in {old_path}: {error}")

    def _moved(self, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Give values with their references to the source's objects as those to the target's."""
        inner = h5py.check_vlen_dtype(dtype)
        kind = h5py.check_ref_dtype(dtype)
        moved = np.array(values, dtype)
        if dtype.names:
            for field in dtype.names:
                moved[field] = self._moved(values[field], dtype[field].base)
        elif kind is not None or inner is not None:
            for place in np.ndindex(values.shape):
                one = values[place]
                moved[place] = self._of_target(one) if kind else self._moved(one, inner)
        return moved

    def _of_target(self, reference: h5py.Reference) -> h5py.Reference:
        if not reference:  # to nothing
            return reference
        if isinstance(reference, h5py.RegionReference):
            raise ValueError("it refers to a part of a dataset")
        node: Any = self._source[reference]
        place = self._places.get(h5o.get_info(node.id).addr)
        if place is None:
            raise ValueError(f"it refers to {node.name or 'an object without a name'}, not copied")
        return self._target[place].ref


def _blocks(dataset: h5py.Dataset) -> Iterator[tuple[h5s.SpaceID, h5s.SpaceID]]:
    """Give the extents of blocks of rows, in memory and in the dataset."""
    if dataset.shape is None:  # it holds nothing
        return
    if dataset.shape == ():
        yield h5s.create(h5s.SCALAR), dataset.id.get_space()
        return
    rows, *rest = dataset.shape
    most = max(1, _BLOCK_VALUES // max(1, math.prod(rest)))
    for first in range(0, rows if all(rest) else 0, most):
        shape = (min(most, rows - first), *rest)
        there = dataset.id.get_space()
        there.select_hyperslab((first, *(0 for _ in rest)), shape)
        yield h5s.create_simple(shape), there
