"""HDF5's types and numpy's: what is stored, byte for byte, and what to store.

What is read or written in the stored type itself is not converted by HDF5: that is up to six times
as fast, and it is the one way to read PyTables' times, which HDF5 cannot convert.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from h5py import h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument, LongtakeError, WrongType

_INSTEAD = {
    "O": "give it a type: numbers, truth values, or text of a fixed length",
    "M": "store its .astype('i8')",
    "m": "store its .astype('i8')",
}
# Of types of time, h5py does not tell the order of the bytes.
_BIG_ENDIAN_TIMES = (h5t.UNIX_D32BE, h5t.UNIX_D64BE)


class UnreadableType(LongtakeError, TypeError):
    """A type that numpy has no equal of."""


def numpy_type(stored: h5t.TypeID) -> np.dtype:
    """Give the numpy type of what is stored, with every byte in its place.

    Bit fields of one byte, and enumerations of FALSE and TRUE, are truth values; other enumerations
    are their numbers; times are seconds, in 4 bytes as integers, in 8 as PyTables packs them.

    Raises
    ------
    UnreadableType
        If it is of variable length, or refers to others, or is no type that numpy has.
    """
    try:
        dtype = _numpy_type(stored)
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        if isinstance(error, UnreadableType):
            raise
        raise UnreadableType(f"its type cannot be read: {error}") from error
    if dtype.itemsize != stored.get_size():
        raise UnreadableType(f"its elements of {stored.get_size()} bytes are of no type of numpy")
    return dtype


def _numpy_type(stored: Any) -> np.dtype:
    if isinstance(stored, h5t.TypeBitfieldID):
        if stored.get_size() == 1:
            return np.dtype(bool)
        order = ">" if stored.get_order() == h5t.ORDER_BE else "<"
        return np.dtype(f"{order}u{stored.get_size()}")
    if isinstance(stored, h5t.TypeTimeID):
        order = ">" if stored in _BIG_ENDIAN_TIMES else "<"
        return np.dtype({4: f"{order}i4", 8: f"{order}i8"}[stored.get_size()])
    if isinstance(stored, h5t.TypeArrayID):
        return np.dtype((numpy_type(stored.get_super()), stored.get_array_dims()))
    if isinstance(stored, h5t.TypeStringID):
        if stored.is_variable_str():
            raise UnreadableType("its elements are of variable length, or refer to others")
        return np.dtype(f"S{stored.get_size()}")
    if isinstance(stored, h5t.TypeCompoundID):
        return _structure(stored)
    dtype = stored.dtype
    if dtype.hasobject:
        raise UnreadableType("its elements are of variable length, or refer to others")
    return np.dtype(dtype.str) if dtype.metadata else dtype


def _structure(stored: h5t.TypeCompoundID) -> np.dtype:
    numbers = range(stored.get_nmembers())
    names = [stored.get_member_name(number).decode() for number in numbers]
    parts = [numpy_type(stored.get_member_type(number)) for number in numbers]
    if names == ["r", "i"] and parts[0] == parts[1] and parts[0].kind == "f":
        return np.dtype(f"{parts[0].byteorder}c{stored.get_size()}")
    return np.dtype(
        {
            "names": names,
            "formats": parts,
            "offsets": [stored.get_member_offset(number) for number in numbers],
            "itemsize": stored.get_size(),
        }
    )


def storable_type(dtype: np.dtype, what: str) -> np.dtype:
    """Give the type to keep values of `dtype` in: without gaps, and text as UTF-8 bytes.

    Raises
    ------
    WrongType
        If HDF5 cannot keep such values as they are; `what` is named.
    """
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return np.dtype((storable_type(base, what), shape))
    if dtype.names is not None:
        return np.dtype([(n, storable_type(dtype[n], f"{what}, {n!r}")) for n in dtype.names])
    if dtype.kind == "U":
        return np.dtype(f"S{max(1, dtype.itemsize)}")  # as many bytes hold it in UTF-8
    if dtype.kind == "S":
        return np.dtype(f"S{max(1, dtype.itemsize)}")
    if dtype.kind not in "biufc":
        advice = _INSTEAD.get(dtype.kind, "store its bytes")
        raise WrongType(f"{what}: values of {dtype} cannot be stored; {advice}")
    return dtype


def require_text(value: object, what: str) -> None:
    """Raise unless a value is text that HDF5 can keep as an attribute."""
    if not isinstance(value, str):
        raise WrongType(f"{what} is text, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{what}: {error}") from error


def stored_type(dtype: Any) -> h5t.TypeID:
    """Give the HDF5 type that PyTables has for what `storable_type` gave."""
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return h5t.array_create(stored_type(base), shape)
    if dtype.names is not None and dtype.fields is not None:
        made = h5t.create(h5t.COMPOUND, dtype.itemsize)
        for name in dtype.names:
            part, offset = dtype.fields[name][:2]
            made.insert(name.encode(), offset, stored_type(part))
        return made
    if dtype.kind == "b":
        return h5t.STD_B8LE
    if dtype.kind == "S":
        made = h5t.C_S1.copy()
        made.set_size(dtype.itemsize)
        return made
    return h5t.py_create(dtype)
