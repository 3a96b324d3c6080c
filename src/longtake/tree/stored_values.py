"""Reading parts of a dataset as they are stored, without HDF5's conversions; and writing them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
from h5py import h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf import lzo_filter
from longtake.tree.stored_type import numpy_type

_MICRO = 1_000_000


class StoredValues:
    """The elements of an open dataset.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID

    Raises
    ------
    UnreadableType
        If numpy has no equal of the dataset's type.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._type = dataset.get_type()
        self._raw = numpy_type(self._type)
        self._lzo = lzo_filter.chunk_lengths(dataset)
        #: The numpy type of an element.
        self.dtype = _meant(self._raw, self._type)
        self._is_as_stored = self.dtype == self._raw

    def read(self, key: tuple[Any, ...]) -> Any:
        """Give what a tuple selects: an integer or forward slice for each axis, or one list.

        A list is an array of ascending integers. Integers drop their axis.
        """
        lists = [axis for axis, item in enumerate(key) if isinstance(item, np.ndarray)]
        if not lists:
            return self._block(key)
        (axis,) = lists
        places = key[axis]
        breaks = np.flatnonzero(np.diff(places) != 1) + 1
        runs = [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(places, breaks)]
        parts = [self._block((*key[:axis], run, *key[axis + 1 :])) for run in runs]
        dropped = sum(not isinstance(item, slice) for item in key[:axis])
        return np.concatenate(parts, axis=axis - dropped)

    def _block(self, key: tuple[Any, ...]) -> Any:
        counts, space = self._selected(key)
        shape = tuple(n for n, item in zip(counts, key, strict=True) if isinstance(item, slice))
        found = np.empty(shape, self._raw)
        if found.size:
            with nullcontext() if self._lzo is None else lzo_filter.expecting(*self._lzo):
                self._dataset.read(_memory(counts), space, found, self._type)
        return _put_right(found, self._raw, self.dtype, self._type)[() if not shape else ...]

    def write(self, key: tuple[Any, ...], values: np.ndarray) -> None:
        """Store values, of `dtype` and of the selection's shape, at what `read` would give."""
        counts, space = self._selected(key)
        if not self._is_as_stored:
            values = _as_stored(values, self._raw, self._type)
        data = np.ascontiguousarray(values)
        if data.size:
            self._dataset.write(_memory(counts), space, data, self._type)

    def _selected(self, key: tuple[Any, ...]) -> tuple[tuple[int, ...], Any]:
        space = self._dataset.get_space()
        if not key:
            return (), space
        spans = [
            range(item.start, item.stop, item.step or 1)
            if isinstance(item, slice)
            else range(item, item + 1)
            for item in key
        ]
        counts = tuple(map(len, spans))
        if all(counts):
            starts = tuple(span.start for span in spans)
            space.select_hyperslab(starts, counts, tuple(span.step for span in spans))
        return counts, space


def _memory(counts: tuple[int, ...]) -> Any:
    return h5s.create_simple(counts) if counts else h5s.create(h5s.SCALAR)


def _meant(raw: Any, stored: Any) -> np.dtype:
    """Give the type in which values are shown: times of 8 bytes as seconds."""
    if isinstance(stored, h5t.TypeTimeID) and raw.itemsize == 8:
        return np.dtype("f8")
    if isinstance(stored, h5t.TypeArrayID) and raw.subdtype:
        return np.dtype((_meant(raw.subdtype[0], stored.get_super()), raw.subdtype[1]))
    if raw.names is None or raw.fields is None:
        return raw
    formats = [
        _meant(raw.fields[name][0], stored.get_member_type(number))
        for number, name in enumerate(raw.names)
    ]
    offsets = [raw.fields[name][1] for name in raw.names]
    return np.dtype(
        {"names": raw.names, "formats": formats, "offsets": offsets, "itemsize": raw.itemsize}
    )


def _put_right(found: np.ndarray, raw: np.dtype, meant: np.dtype, stored: Any) -> np.ndarray:
    """Make of stored bytes what numpy counts on, in place: truth values are 0 or 1."""
    for part, kind in _leaves(found, stored):
        if isinstance(kind, h5t.TypeTimeID) and part.dtype.itemsize == 8:
            micro = (part & 0xFFFFFFFF).astype("u4").view("i4")
            part.view("f8")[...] = (part >> 32) + micro / _MICRO
        elif part.dtype.kind == "b":  # with others it would read past an array's end
            values = part.view(np.uint8)
            np.minimum(values, 1, out=values)
    return found.view(meant) if raw != meant else found


def _as_stored(values: np.ndarray, raw: np.dtype, stored: Any) -> np.ndarray:
    """Do the reverse, in a copy."""
    made = values.copy().view(raw)
    for part, kind in _leaves(made, stored):
        if isinstance(kind, h5t.TypeTimeID) and part.dtype.itemsize == 8:
            seconds = np.trunc(part.view("f8"))
            micro = np.rint((part.view("f8") - seconds) * _MICRO).astype("i8")
            part[...] = (seconds.astype("i8") << 32) | (micro & 0xFFFFFFFF)
    return made


def _leaves(array: np.ndarray, stored: Any) -> list[tuple[np.ndarray, Any]]:
    """Give the parts of an array that are of one simple type each, and that type."""
    while isinstance(stored, h5t.TypeArrayID):
        stored = stored.get_super()
    if array.dtype.names is None:
        return [(array, stored)]
    return [
        leaf
        for number, name in enumerate(array.dtype.names)
        for leaf in _leaves(array[name], stored.get_member_type(number))
    ]
