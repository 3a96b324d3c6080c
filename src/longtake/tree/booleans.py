"""Truth values in datasets: PyTables stores them as bit fields, which h5py gives as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from h5py import h5t  # pyright: ignore[reportAttributeAccessIssue]


def with_booleans(dtype: np.dtype, stored: h5t.TypeID) -> np.dtype:
    """Give a stored type's dtype, bool for each bit field of one byte in it."""
    if isinstance(stored, h5t.TypeBitfieldID) and dtype.itemsize == 1:
        return np.dtype(bool)
    if isinstance(stored, h5t.TypeArrayID) and dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return np.dtype((with_booleans(base, stored.get_super()), shape))
    if isinstance(stored, h5t.TypeCompoundID) and dtype.names is not None and dtype.fields:
        members: dict[Any, Any] = dict(dtype.fields)
        fields = [members[name] for name in dtype.names]
        formats = [
            with_booleans(field[0], stored.get_member_type(number))
            for number, field in enumerate(fields)
        ]
        return np.dtype(
            {
                "names": dtype.names,
                "formats": formats,
                "offsets": [field[1] for field in fields],
                "itemsize": dtype.itemsize,
            }
        )
    return dtype


def made_boolean(found: Any, dtype: np.dtype) -> Any:
    """See what was read as `dtype`, with every truth value 0 or 1.

    numpy counts on that, and reads past an array's end where a file says otherwise.
    """
    if not _has_booleans(dtype):
        return found
    array = np.array(found)
    if array.dtype != dtype:
        array = array.view(dtype)
    _limit(array)
    return array if isinstance(found, np.ndarray) else array[()]


def _has_booleans(dtype: np.dtype) -> bool:
    if dtype.fields:
        return any(_has_booleans(field[0]) for field in dtype.fields.values())
    return dtype.base.kind == "b" if dtype.base.fields is None else _has_booleans(dtype.base)


def _limit(array: np.ndarray) -> None:
    if array.dtype.kind == "b":
        values = array.view(np.uint8)
        np.minimum(values, 1, out=values)
    for name in array.dtype.names or ():
        _limit(array[name])
