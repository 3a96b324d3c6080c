"""What is given to be stored in columns: as the columns hold it, or why they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.declared import given_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    #: The dtype of each column, by name.
    Types = dict[str, np.dtype]
    #: A value's arrays, set by set; None for a later set of columns that it lacks.
    Parts = list[list[np.ndarray] | None]

_KINDS = "biufS"


def new_columns(
    stream: str, values: Iterable[Mapping[str, ArrayLike]], sets: Sequence[Types]
) -> Types:
    """Give the columns that values have and no set has, of the types that they come in.

    Raises
    ------
    WrongType
        If a value is no mapping, or such a column cannot be stored.
    """
    known = set().union(*sets)
    new: Types = {}
    for columns in values:
        if not isinstance(columns, Mapping):
            raise WrongType(f"{stream!r}: a value is a dict of columns, not {columns!r}")
        for name in columns:
            if name not in known and name not in new:
                new[name] = _storable(name, columns[name]).dtype
    return new


def split(stream: str, key: int, columns: Mapping[str, ArrayLike], sets: Sequence[Types]) -> Parts:
    """Give the arrays of a value for each set of columns, in the types of these.

    Raises
    ------
    InvalidArgument, WrongType
        If the value lacks some of a set, its columns differ in length, or one of them holds what
        cannot be stored.
    """
    parts: Parts = []
    for position, known in enumerate(sets):
        missing = [name for name in known if name not in columns]
        if position > 0 and len(missing) == len(known):
            parts.append(None)
            continue
        if missing:
            raise InvalidArgument(
                f"{stream!r}: the value at {key} lacks {', '.join(map(repr, missing))}, "
                f"which the stream keeps together with {', '.join(map(repr, known))}: "
                "give all of them, or put it into a stream of another name"
            )
        parts.append([_cast(name, columns[name], dtype) for name, dtype in known.items()])
    lengths = {len(values) for part in parts for values in part or ()}
    if len(lengths) > 1:
        raise InvalidArgument(f"{stream!r}: columns of lengths {sorted(lengths)} at {key}")
    return parts


def row_count(arrays: list[np.ndarray]) -> int:
    """Give how many rows a value has, whose columns are of equal length."""
    return len(arrays[0]) if arrays else 0


def _storable(name: str, values: ArrayLike) -> np.ndarray:
    """Give a column's values, contiguous and little-endian, or say why they cannot be stored."""
    array = given_array(name, values)
    if array.dtype.kind not in _KINDS or array.ndim != 1:
        raise WrongType(
            f"column {name!r} holds {array.dtype} of shape {array.shape}: a column is a row of "
            "numbers or booleans; convert it, or leave it out"
        )
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _cast(name: str, values: ArrayLike, dtype: np.dtype) -> np.ndarray:
    """Give values in the column's type, if that changes none of them."""
    if type(values) is np.ndarray and values.dtype == dtype and values.ndim == 1:
        return np.ascontiguousarray(values)
    array = given_array(name, values)
    if array.ndim == 1 and len(array) == 0:  # of whatever type
        return np.empty(0, dtype)
    array = _storable(name, array)
    with np.errstate(invalid="ignore", over="ignore"):
        made = array.astype(dtype)
        back = made.astype(array.dtype)
    equal = (back == array) | ((back != back) & (array != array))
    if not equal.all():
        worst = array[int(np.argmin(equal))]
        raise InvalidArgument(
            f"column {name!r} is stored as {dtype}, which cannot hold {worst!r} ({array.dtype}); "
            "nothing was stored"
        )
    return made
