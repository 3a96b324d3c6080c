"""The bytes of a dataset where they lie in the file, past HDF5.

HDF5 takes some microseconds to read a value, and copies frames once more than is needed. Where it
stores values just as numpy holds them, it only has to say where they are.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import h5py
from h5py import h5f, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import Closed

if TYPE_CHECKING:
    import numpy as np


class StoredBytes:
    """Reads the file that a dataset is in, through the descriptor that HDF5 has of it.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of which `are_readable` says yes.
    """

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._id: Any = dataset.id
        self._name = f"{dataset.name} of {dataset.file.filename}"
        #: HDF5's descriptor of the file.
        self.fd: int = dataset.file.id.get_vfd_handle()

    def read_into(self, array: np.ndarray, offset: int) -> None:
        """Fill an array from an offset; what is past the end of the file is zeros.

        Raises
        ------
        Closed
            If the dataset is no longer open: its descriptor may be that of another file.
        """
        if not self._id.valid:
            raise Closed(f"{self._name} was closed: open the file again, and follow that")
        done = os.preadv(self.fd, [array.data], offset)
        if done == array.nbytes:
            return
        rest = array.reshape(-1).view("u1")
        while done < array.nbytes:
            count = os.preadv(self.fd, [rest[done:].data], offset + done)
            if count == 0:
                rest[done:] = 0
                return
            done += count


def has_descriptor(dataset: h5py.Dataset) -> bool:
    """Whether a dataset is in a file of the system that was opened here to read only.

    If it was opened to write, HDF5 may keep to itself what the file does not hold yet.
    """
    file = dataset.file
    return file.driver == "sec2" and not file.id.get_intent() & h5f.ACC_RDWR


def are_readable(dataset: h5py.Dataset) -> bool:
    """Whether the values of a dataset can be read where HDF5 stores them.

    Not if filters changed them, or they are of a type that numpy has in another form; nor where
    HDF5's addresses do not count from the beginning of the file.
    """
    return (
        has_descriptor(dataset)
        and dataset.file.userblock_size == 0
        and dataset.id.get_create_plist().get_nfilters() == 0
        and not dataset.dtype.hasobject
        and h5t.py_create(dataset.dtype, logical=True) == dataset.id.get_type()
    )


def is_of_no_chunk(error: Exception) -> bool:
    """Whether HDF5 raised an error because it was asked for a chunk that was never written."""
    return any(words in str(error) for words in ("not allocated", "isn't defined"))
