"""One object for a dataset, whoever follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import h5py
from h5py import h5f  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import CannotFollow

if TYPE_CHECKING:
    from longtake.follow.keys.live_dataset import FollowedDataset

#: By what identifies them, which is equal for two opens of one dataset.
_followed: WeakValueDictionary[Any, h5py.Dataset] = WeakValueDictionary()


def shared(dataset: FollowedDataset) -> FollowedDataset:
    """Give the object by which a dataset is followed here already, if it is; or itself.

    If a dataset is open twice in a process, HDF5 (2.0) no longer finds its chunks after a refresh:
    reading fails, or gives some in place of others. So ``file["keys"]`` that is given to two
    followers had better be one object.
    """
    if not isinstance(dataset, h5py.Dataset):
        return dataset
    known = _followed.get(dataset.id)
    if known is not None and known.id.valid:
        return cast("FollowedDataset", known)
    _followed[dataset.id] = dataset
    return dataset


class OpenOnce:
    """Makes sure that a dataset is not open twice when it is refreshed."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._id: Any = dataset.id
        self._file: Any = dataset.file.id
        self._name = f"{dataset.name} of {dataset.file.filename}"
        self._datasets = 0

    def require(self) -> None:
        """Raise `CannotFollow` if somebody else in this process has it open too."""
        # To count what is open takes next to no time, to ask what it is takes longer.
        datasets = h5f.get_obj_count(self._file, h5f.OBJ_DATASET)
        if datasets == self._datasets:
            return
        if h5f.get_obj_ids(self._file, h5f.OBJ_DATASET).count(self._id) > 1:
            raise CannotFollow(
                f"{self._name} is open twice in this process, and HDF5 reads wrong values of a "
                "dataset that is refreshed then: use one h5py.Dataset object of it everywhere, and "
                "let go of the others"
            )
        self._datasets = datasets
