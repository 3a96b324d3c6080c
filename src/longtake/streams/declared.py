"""What a user says that a stream will hold: a dtype, a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def declared_dtype(name: str, dtype: Any) -> np.dtype:
    """Give what numpy takes as a dtype as one.

    Raises
    ------
    WrongType
        If numpy knows none of that name.
    """
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise WrongType(f"{name!r}: {dtype!r} is no dtype ({error})") from None


def declared_shape(name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Give a shape as a tuple of whole numbers.

    Raises
    ------
    InvalidArgument, WrongType
        If it is none.
    """
    if isinstance(shape, str | bytes) or not np.iterable(shape):
        raise WrongType(f"{name!r}: a shape is a tuple of whole numbers, not {shape!r}")
    return tuple(whole_number(side, f"{name!r}: a side of the shape", least=1) for side in shape)


def given_array(name: str, values: ArrayLike) -> np.ndarray:
    """Give what was handed over to be stored as an array, if nothing is lost by that.

    Raises
    ------
    WrongType
        If parts of it are masked.
    InvalidArgument
        If it makes no array.
    """
    parts = values if isinstance(values, list | tuple) else (values,)
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise WrongType(f"{name!r}: a mask would be lost; use .filled(...), or store both")
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"{name!r}: no array ({error}); nothing was stored") from None
