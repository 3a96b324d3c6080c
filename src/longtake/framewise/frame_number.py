"""Which frame a table belongs to: the one rule that every store shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from longtake.errors import InvalidArgument, WrongType

#: The key of `DataFrame.attrs` that tells the frame of a table without rows.
ATTRIBUTE = "frame_no"

_INT64 = np.iinfo(np.int64)


def frame_number_of(df: pd.DataFrame, t_column: str) -> int:
    """Give the frame number of a table that holds one frame.

    A table with rows says it in its column `t_column`, whose values must be one and the same
    whole number. A table without rows says it in ``df.attrs["frame_no"]``, which `locate` and
    every store's `get` set, and which pandas carries along through filters and copies.

    Raises
    ------
    WrongType
        If `df` is not a DataFrame.
    InvalidArgument
        If the column is missing, or holds no number, several, or one that is not whole.
    """
    if not isinstance(df, pd.DataFrame):
        raise WrongType(f"put() takes a DataFrame, not a {type(df).__name__}")
    if len(df) == 0:
        return _number_of_empty(df, t_column)
    if t_column not in df.columns:
        raise InvalidArgument(
            f"the table has no column {t_column!r} to say which frame it is "
            f"(its columns: {', '.join(map(str, df.columns))}); add one: df[{t_column!r}] = 7"
        )
    return number_in(df[t_column].to_numpy())


def number_in(values: np.ndarray) -> int:
    """Give the one frame number that a column holds in every row; there must be rows."""
    if values.dtype.kind not in "iu" and (missing := int(pd.isna(values).sum())):
        raise InvalidArgument(
            f"{missing} of the table's {len(values)} rows do not say which frame they are of "
            "(NaN): give them its number, or drop them"
        )
    first = values[0]
    if not bool((values == first).all()):
        raise InvalidArgument(
            f"the table holds several frames ({pd.unique(values)[:4].tolist()}…): "
            "put one frame at a time"
        )
    return whole_number(first)


def _number_of_empty(df: pd.DataFrame, t_column: str) -> int:
    if ATTRIBUTE not in df.attrs:
        raise InvalidArgument(
            f"an empty table does not say in {t_column!r} which frame it is: "
            f"set df.attrs[{ATTRIBUTE!r}] to the frame's number before putting it"
        )
    return whole_number(df.attrs[ATTRIBUTE])


def whole_number(value: object) -> int:
    """Give a frame number as a Python integer, or say why it is none."""
    number = _whole(value, "a frame number")
    if not _INT64.min <= number <= _INT64.max:
        raise InvalidArgument(f"frame number {value!r} does not fit in 64 bits")
    return number


def checked_count(value: object) -> int | None:
    """Give a number of frames as a Python integer, or None for all; or say why it is none."""
    if value is None:
        return None
    number = _whole(value, "a number of frames")
    if number < 0:
        raise InvalidArgument(f"a number of frames cannot be negative, as {value!r} is")
    return number


def _whole(value: object, what: str) -> int:
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if not is_number or isinstance(value, bool):
        raise WrongType(f"{what} is an integer, not {value!r}")
    if value != value or value in {float("inf"), float("-inf")} or int(value) != value:
        raise InvalidArgument(f"{what} is a whole number, not {value!r}")
    return int(value)
