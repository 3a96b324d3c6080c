"""Which frame a table belongs to: the one rule that every store shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from longtake.errors import InvalidArgument, WrongType
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    import numpy as np

#: The key of `DataFrame.attrs` that tells the frame of a table without rows.
ATTRIBUTE = "frame_no"


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
    return checked_frame(first)


def _number_of_empty(df: pd.DataFrame, t_column: str) -> int:
    if ATTRIBUTE not in df.attrs:
        raise InvalidArgument(
            f"an empty table does not say in {t_column!r} which frame it is: "
            f"set df.attrs[{ATTRIBUTE!r}] to the frame's number before putting it"
        )
    return checked_frame(df.attrs[ATTRIBUTE])


def checked_frame(value: object) -> int:
    """Give a frame number as a Python integer, or say why it is none."""
    return whole_number(value, "a frame number")


def checked_count(value: object) -> int | None:
    """Give a number of frames as a Python integer, or None for all; or say why it is none."""
    return None if value is None else whole_number(value, "a number of frames", least=0)
