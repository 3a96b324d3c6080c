"""The checksum that HDF5 puts behind its metadata: Jenkins' lookup3."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING

from h5py import h5d  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf.superblock import lookup3

if TYPE_CHECKING:
    from collections.abc import Callable


def metadata_checksum(content: bytes) -> int:
    """Give the checksum of a block of metadata.

    Examples
    --------
    >>> hex(metadata_checksum(b"Four score and seven years ago"))
    '0x17770551'
    """
    hdf5s = _hdf5s()
    return lookup3(content) if hdf5s is None else hdf5s(content, len(content), 0)


@cache
def _hdf5s() -> Callable[[bytes, int, int], int] | None:
    """Give HDF5's own, of the library that h5py has loaded, if it can be had.

    It is not part of its interface; but ours, in Python, takes a thousand times as long.
    """
    try:
        found = ctypes.CDLL(h5d.__file__).H5_checksum_lookup3
    except (AttributeError, OSError):
        return None
    found.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32]
    found.restype = ctypes.c_uint32
    return found
