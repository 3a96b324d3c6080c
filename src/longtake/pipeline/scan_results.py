"""Results of a scan in a dataset of its shape, of another program's file or our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.follow.results import append_data, create_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from longtake.follow.keys.scan_point import ScanPoint

_KEYS = "_key"


class ScanResults:
    """Results by point, in a dataset as large as the scan; beside it a key dataset tells of them.

    Both are flushed with each result, the keys last: so they can be followed in turn.

    Parameters
    ----------
    into : h5py.Group
        Of a file that is open to write.
    name : str
        Of the dataset; its keys are ``<name>_key``.
    about : dict
        Kept as its attributes, to know it again when more results come.
    """

    def __init__(self, into: h5py.Group, name: str, about: dict[str, object]) -> None:
        self._into = into
        self._name = name
        self._about = about
        self._places: dict[int, tuple[Sequence[slice], Sequence[int | None]]] = {}
        self._data, self._keys = self._known()
        self._next = len(self)

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._into.file.filename)

    def __len__(self) -> int:
        if self._keys is None:
            return 0
        keys = np.append(self._keys[...].reshape(-1), 0)
        return int(np.flatnonzero(keys == 0)[0])

    @property
    def last_key(self) -> int | None:
        """The number of the last point whose result is stored, or None."""
        return len(self) - 1 if len(self) else None

    def noted(self, pairs: Iterable[tuple[int, ScanPoint]]) -> Iterator[tuple[int, ScanPoint]]:
        """Give points by their numbers; where the result of each belongs is remembered.

        Raises
        ------
        InvalidArgument
            If one is left out: whoever follows the results would wait there for ever.
        WrongType
            If it is no point of a scan.
        """
        for index, point in pairs:
            if not hasattr(point, "slice_metadata"):
                raise WrongType(
                    "a dataset takes the results of a scan, of the points of a DataSource, not of "
                    f"{point!r}"
                )
            if index != self._next:
                raise InvalidArgument(
                    f"point {index} came where {self._next} was due: the results of a scan are of "
                    "all its points, from the first on; reset() its source"
                )
            self._next = index + 1
            self._places[index] = point.slice_metadata, point.maxshape
            yield index, point

    def append(self, key: int, result: Any) -> None:
        """Store the result of a point, then its key."""
        where, maxshape = self._places.pop(key)
        if self._data is None or self._keys is None:
            self._data = create_dataset(result, maxshape, self._into, self._name)
            self._data.attrs.update(self._about)
            self._data.flush()
            self._keys = create_dataset(key + 1, maxshape, self._into, self._name + _KEYS)
        else:
            append_data(result, where, self._data)
            self._data.flush()
            append_data(key + 1, where, self._keys)
        self._keys.flush()

    def _known(self) -> tuple[h5py.Dataset | None, h5py.Dataset | None]:
        """Give the dataset that results went to before, and its keys, if they did."""
        data, keys = (self._into.get(name) for name in (self._name, self._name + _KEYS))
        if data is None and keys is None:
            return None, None
        if isinstance(data, h5py.Dataset) and isinstance(keys, h5py.Dataset):
            known = {name: data.attrs.get(name) for name in self._about}
            if known == self._about:
                return data, keys
        raise InvalidArgument(
            f"{self.path} has a {self._name!r} or {self._name + _KEYS!r} already, not of "
            f"{self._about}: give the results another name="
        )
