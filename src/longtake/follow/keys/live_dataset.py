"""A dataset that another process is writing: its length and its values at this moment."""

from __future__ import annotations

from math import prod
from typing import Any, Protocol

import h5py
import numpy as np
from h5py import h5d  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import WrongType
from longtake.follow.keys.allocation import Allocation
from longtake.follow.keys.c_order import box_from
from longtake.follow.keys.shared_dataset import OpenOnce
from longtake.follow.keys.stored_bytes import StoredBytes, are_readable


class FollowedDataset(Protocol):
    """What can be followed: an h5py dataset, or anything else with these."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The present shape."""
        ...

    @property
    def maxshape(self) -> tuple[int | None, ...] | None:
        """The greatest shape it can have; None where there is no limit."""
        ...

    def __getitem__(self, selection: Any, /) -> Any:
        """Give the values of a selection."""
        ...


class LiveDataset:
    """Reads anything with a shape and a maxshape through its own indexing.

    It is refreshed if it can be.
    """

    def __init__(self, dataset: FollowedDataset) -> None:
        self.dataset = dataset
        self.name = str(getattr(dataset, "name", dataset))
        self.shape = _shape_of(dataset, self.name)

    @property
    def maxshape(self) -> tuple[int | None, ...]:
        """The greatest shape; None where there is no limit."""
        return tuple(self.dataset.maxshape or ())

    @property
    def size(self) -> int:
        """How many values there are."""
        return prod(self.shape)

    def refresh(self) -> None:
        """See what was written until now."""
        # h5py's own: that of the identifier would leave the old shape (h5py issue 2622).
        getattr(self.dataset, "refresh", _nothing)()
        self.shape = _shape_of(self.dataset, self.name)

    def values_from(self, start: int, most: int) -> np.ndarray:
        """Give values from a flat index on: `most` of them or fewer, at least one if there is."""
        return np.asarray(self.dataset[box_from(start, most, self.shape)]).reshape(-1)


class ChunkedDataset(LiveDataset):
    """Reads a dataset of HDF5 through HDF5."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        super().__init__(dataset)
        self._open_once = OpenOnce(dataset)

    def refresh(self) -> None:
        """See what was written until now; `CannotFollow` if the dataset is open twice."""
        self._open_once.require()
        super().refresh()


class ContiguousDataset(LiveDataset):
    """Reads a dataset that HDF5 stores in one piece, where it lies.

    HDF5 keeps what it read of such a dataset; and to refresh one that got its place in the file
    after this process opened that fails, once and for all (HDF5 2.0: "invalid dataset size").
    """

    def __init__(self, dataset: h5py.Dataset) -> None:
        super().__init__(dataset)
        self._bytes = StoredBytes(dataset)
        self._allocation = Allocation(dataset)
        self._dtype, self._fill = dataset.dtype, dataset.fillvalue

    def refresh(self) -> None:
        """See what was written until now: reading does."""

    def values_from(self, start: int, most: int) -> np.ndarray:
        """Give values as `LiveDataset` does."""
        values = np.full(min(most, self.size - start), self._fill, self._dtype)
        offset = self._allocation.offset()
        if offset is not None:
            self._bytes.read_into(values, offset + start * values.itemsize)
        return values


def live(dataset: FollowedDataset) -> LiveDataset:
    """Give what reads a `shared` dataset while it is written."""
    if not isinstance(dataset, h5py.Dataset):
        return LiveDataset(dataset)
    if is_contiguous(dataset) and are_readable(dataset):
        return ContiguousDataset(dataset)
    return ChunkedDataset(dataset)


def is_contiguous(dataset: h5py.Dataset) -> bool:
    """Whether HDF5 stores a dataset in one piece, in the file itself."""
    plist = dataset.id.get_create_plist()
    return plist.get_layout() == h5d.CONTIGUOUS and plist.get_external_count() == 0


def _nothing() -> None:
    pass


def _shape_of(dataset: FollowedDataset, name: str) -> tuple[int, ...]:
    shape = getattr(dataset, "shape", None)
    if shape is None or not hasattr(dataset, "maxshape"):
        raise WrongType(f"{name} is no dataset that can be followed: it has no shape or maxshape")
    return tuple(shape)
