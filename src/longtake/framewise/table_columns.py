"""Between a table in memory and its columns: what may be stored, and under which names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from longtake.errors import InvalidArgument, WrongType
from longtake.framewise.frame_number import ATTRIBUTE, frame_number_of, number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The names and dtypes of a table's columns, in order.
Schema = tuple[tuple[str, np.dtype], ...]

#: Booleans, integers and floats, in the sizes that every HDF5 program reads.
_STORABLE = {np.dtype(code) for code in "?bhilqBHILQefd"}

_ORDINARY = {np.dtype(np.float64), np.dtype(np.int64)}
#: Integers below this are exact as float64.
_EXACT = 2**53


def columns_of(
    df: pd.DataFrame, t_column: str, known: Mapping[str, np.dtype] | None = None
) -> tuple[int, dict[str, np.ndarray]]:
    """Give the frame number of a table and its columns, or say what about it cannot be stored.

    Columns whose dtype is `known` may come in that dtype, if no value changes. A frame column of
    floats comes as int64. An empty table always has the frame column, and those
    of its columns that have no dtype of their own are taken as float64.

    Raises
    ------
    WrongType, InvalidArgument
        If the table holds more than one frame, a column that is not of numbers or booleans, or a
        column whose name is not text, is empty, or is there twice.
    """
    columns = None
    if isinstance(df, pd.DataFrame):
        _check_names(df)
        if len(df) and t_column in df:
            columns = _as_known(df, known or {})
    frame_no = number_in(columns[t_column]) if columns else frame_number_of(df, t_column)
    if columns is None:
        columns = {str(name): _values(name, series) for name, series in df.items()}
        columns.setdefault(t_column, np.zeros(0, "i8"))
    if columns[t_column].dtype.kind == "f":
        columns[t_column] = columns[t_column].astype("i8")
    return frame_no, columns


def _as_known(df: pd.DataFrame, known: Mapping[str, np.dtype]) -> dict[str, np.ndarray] | None:
    """Take a table apart in one go, several times faster than by column.

    Possible where the types it should have are known, are float64 and int64, and lose nothing.
    """
    dtypes = [known.get(name) for name in df.columns]
    if not all(dtype in _ORDINARY for dtype in dtypes):
        return None
    whole = df.to_numpy()
    if whole.dtype != np.float64:
        return None
    columns = {}
    for name, dtype, values in zip(df.columns, dtypes, np.ascontiguousarray(whole.T), strict=True):
        columns[name] = values
        if dtype == np.int64:
            if not (np.abs(values) < _EXACT).all():
                return None
            columns[name] = values.astype(np.int64)
            if (columns[name] != values).any():
                return None
    return columns


def schema_of(columns: Mapping[str, np.ndarray]) -> Schema:
    """Give the names and dtypes of columns."""
    return tuple((name, values.dtype) for name, values in columns.items())


def table_of(columns: Mapping[str, np.ndarray], frame_no: int) -> pd.DataFrame:
    """Make the table of one frame, numbered from 0."""
    table = pd.DataFrame(columns)
    table.attrs[ATTRIBUTE] = frame_no
    return table


def _check_names(df: pd.DataFrame) -> None:
    for name in df.columns:
        if not isinstance(name, str):
            raise WrongType(f"column {name!r} cannot be stored: a column's name is text")
        if not name or "\0" in name or not _is_utf8(name):
            raise InvalidArgument(f"column {name!r} cannot be stored under that name")
    if not df.columns.is_unique:
        twice = df.columns[df.columns.duplicated()][0]
        raise InvalidArgument(f"column {twice!r} is there twice")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(name: object, series: pd.Series) -> np.ndarray:
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.newbyteorder("=") in _STORABLE:
        values = series.to_numpy()
        return values if dtype.isnative else values.astype(dtype.newbyteorder("="))
    if len(series) == 0:
        return np.zeros(0)
    if dtype.kind == "c":
        raise WrongType(
            f"column {name!r} holds {dtype}, and only real numbers and booleans can be stored: "
            f"make two columns of it, np.real(df[{name!r}]) and np.imag(df[{name!r}])"
        )
    raise WrongType(
        f"column {name!r} holds {dtype}, and only real numbers and booleans can be stored: "
        f"convert it, as with df[{name!r}].astype('float64'), or drop it"
    )
