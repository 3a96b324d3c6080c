"""HDF5's filter 305, PyTables' LZO: lent to the HDF5 library that h5py uses, for reading only.

PyTables keeps of a chunk the bare stream of LZO1X; one that would not become smaller it keeps as it
is, and HDF5 notes that. (Before PyTables 0.8, of 2004, a checksum followed: this is not read.)

HDF5 calls a compiled function, which neither runs Python nor needs its lock, in any thread, also
while the interpreter ends.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5d, h5z  # pyright: ignore[reportAttributeAccessIssue]

# h5py's lock is the only one that keeps other threads from HDF5.
from h5py._objects import phil  # noqa: PLC2701

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Its number, as the HDF Group gave it to PyTables.
LZO = 305
_CHECKSUM_BYTES = 4
_MOST = 1 << 60
_REVERSE = 0x0100

#: The fewest and the most bytes that a chunk may decode to now; 0 and 0: any number.
_lengths = np.zeros(2, np.int64)


def register() -> None:
    """Let HDF5 read what LZO compressed, unless it can do so already."""
    if not h5z.filter_avail(LZO):
        h5z.register_filter(ctypes.addressof(_filter_class()))


def chunk_lengths(dataset: Any) -> tuple[int, int] | None:
    """Give the fewest and the most bytes that LZO may hold of a chunk of an open dataset.

    The most has room for a checksum of HDF5's. None, if LZO is not the last of its filters, or
    there are others, as PyTables never has them.
    """
    plist = dataset.get_create_plist()
    filters = [plist.get_filter(number)[0] for number in range(plist.get_nfilters())]
    if filters[-1:] != [LZO] or plist.get_layout() != h5d.CHUNKED:
        return None
    before = filters[:-1]
    if set(before) - {h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}:
        return None
    least = min(prod(plist.get_chunk(), start=dataset.get_type().get_size()), _MOST)
    return least, least + _CHECKSUM_BYTES * before.count(h5z.FILTER_FLETCHER32)


@contextmanager
def expecting(least: int, most: int) -> Iterator[None]:
    """Refuse each chunk, read inside of it, that does not decode to so many bytes.

    A stream says nowhere how long it is: this tells a damaged one, and keeps HDF5 from reading past
    the end of what it becomes.

    Threads: others do not use HDF5 meanwhile.
    """
    with phil:
        _lengths[:] = least, most
        try:
            yield
        finally:
            _lengths[:] = 0


class _FilterClass(ctypes.Structure):
    """H5Z_class2_t, of H5Zpublic.h."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("number", ctypes.c_int),
        ("encodes", ctypes.c_uint),
        ("decodes", ctypes.c_uint),
        ("name", ctypes.c_char_p),
        ("can_apply", ctypes.c_void_p),
        ("set_local", ctypes.c_void_p),
        ("function", ctypes.c_void_p),
    )


@cache  # HDF5 refers to it as long as the process lives
def _filter_class() -> _FilterClass:
    function = _compiled(_lengths.ctypes.data)
    made = _FilterClass(h5z.CLASS_T_VERS, LZO, 0, 1, b"lzo", None, None, function.address)
    made.kept = function
    return made


def _compiled(lengths_at: int) -> Any:
    """Compile the function that HDF5 calls, as H5Z_func_t of H5Zpublic.h.

    It is not kept on disk: it knows the addresses of this process. What takes long to compile is.
    """
    from numba import cfunc, types
    from numba.extending import intrinsic
    from numba.np.numpy_support import carray

    from longtake.hdf.lzo import decode, decoded_length

    allocate, free = _memory_of_hdf5()

    def to_pointer(_, address):
        def generate(context, builder, signature, given):
            return builder.inttoptr(given[0], context.get_value_type(signature.return_type))

        return types.voidptr(address), generate

    pointer: Any = intrinsic(to_pointer)
    # Sizes and addresses are signed here: numba makes fractions of those that are not.
    size, number = types.intp, types.int32
    sizes = types.CPointer(size)

    @cfunc(size(number, size, types.CPointer(number), size, sizes, sizes))
    def undo(flags, _count, _options, stored, space, place):
        if not flags & _REVERSE:
            return 0
        stream = carray(pointer(place[0]), (stored,), np.uint8)
        least, most = carray(pointer(lengths_at), (2,), np.int64)
        if most == 0:
            least = most = decoded_length(stream)
        made = allocate(most, 0) if most > 0 else 0
        if made == 0:
            return 0
        length = decode(stream, carray(pointer(made), (int(most),), np.uint8))
        if length < least:
            free(made)
            return 0
        free(place[0])
        carray(place, (1,))[0] = made
        carray(space, (1,))[0] = most
        return length

    return undo


def _memory_of_hdf5() -> tuple[Any, Any]:
    """Give HDF5's functions that make a buffer and free it; an address is a number."""
    hdf5 = ctypes.CDLL("hdf5" if sys.platform == "win32" else h5py.h5z.__file__)
    allocate, free = hdf5.H5allocate_memory, hdf5.H5free_memory
    allocate.argtypes, allocate.restype = (ctypes.c_ssize_t, ctypes.c_bool), ctypes.c_ssize_t
    free.argtypes, free.restype = (ctypes.c_ssize_t,), ctypes.c_int
    return allocate, free
