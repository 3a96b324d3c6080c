"""Values for the columns of a table: taken if they can be kept as they are, refused if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.missing import ColumnNotFound


def fitting(value: Any, dtype: np.dtype, what: str) -> np.ndarray:
    """Give values as an array of a column's type.

    Floats may lose digits, as in any float32. All else comes back as it was: text that is too
    long, integers out of range, and fractions in a column of integers are refused.

    Raises
    ------
    WrongType, InvalidArgument
        If they do not fit; `what` is named.
    """
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise InvalidArgument(f"{what}: {error}") from error
    if given.dtype.kind == "U":
        given = np.char.encode(given, "utf-8")
    if given.dtype == dtype:
        return given
    if dtype.names is not None:
        return _structured(value, dtype, what)
    if "S" in (given.dtype.kind, dtype.kind):
        return _text(given, dtype, what)
    if given.dtype.kind not in "biufc" or (given.dtype.kind == "c" and dtype.kind != "c"):
        raise WrongType(f"{what}: {_shown(value)} is not of the type {dtype}")
    with np.errstate(all="ignore"):
        made = given.astype(dtype)
        exact = dtype.kind in "fc" or np.array_equal(made, given)
    if not exact:
        raise InvalidArgument(f"{what}: {_shown(value)} cannot be kept as {dtype}")
    return made


def _text(given: np.ndarray, dtype: np.dtype, what: str) -> np.ndarray:
    if given.dtype.kind != "S" or dtype.kind != "S":
        raise WrongType(f"{what}: {_shown(given)} is not of the type {dtype}")
    if given.dtype.itemsize > dtype.itemsize and given.size:
        longest = max(map(len, given.ravel().tolist()))
        if longest > dtype.itemsize:
            raise InvalidArgument(
                f"{what}: text of {longest} bytes does not fit in {dtype.itemsize}"
            )
    return given.astype(dtype)


def _structured(value: Any, dtype: np.dtype, what: str) -> np.ndarray:
    if isinstance(value, Mapping) or getattr(getattr(value, "dtype", None), "names", None):
        return columns_together(value, dtype, what)
    one = isinstance(value, tuple)
    rows = rows_of([value] if one else value, dtype, what)
    return rows[0] if one else rows


def columns_together(columns: Any, dtype: np.dtype, what: str) -> np.ndarray:
    """Give structured rows from columns by name."""
    names = list(columns) if isinstance(columns, Mapping) else list(columns.dtype.names)
    unknown = [name for name in names if name not in (dtype.names or ())]
    missing = [name for name in dtype.names or () if name not in names]
    if unknown or missing:
        told = f"there is no {unknown[0]!r}" if unknown else f"{missing[0]!r} is missing"
        raise ColumnNotFound(f"{what}: {told}; the columns are {', '.join(dtype.names or ())}")
    parts = {n: fitting(columns[n], dtype[n].base, f"{what}, {n!r}") for n in names}
    lead = {n: part.shape[: part.ndim - len(dtype[n].shape)] for n, part in parts.items()}
    shape = next(iter(lead.values()))
    for name, part in parts.items():
        if part.shape != (*shape, *dtype[name].shape):
            raise InvalidArgument(
                f"{what}, {name!r}: values of the shape {part.shape}, where "
                f"{(*shape, *dtype[name].shape)} is needed"
            )
    made = np.empty(shape, dtype)
    for name, part in parts.items():
        made[name] = part
    return made


def rows_of(rows: Any, dtype: np.dtype, what: str) -> np.ndarray:
    """Give rows, however they come, as one array of a table's type.

    Parameters
    ----------
    rows
        A structured array, a DataFrame, a mapping of name to column, or a sequence of tuples (in
        the order of the columns) or mappings.
    """
    if _is_frame(rows):
        # Text is objects in pandas; as a list, numpy sees what they are.
        rows = {str(name): np.asarray(rows[name].tolist()) for name in rows.columns}
    if isinstance(rows, Mapping) or getattr(getattr(rows, "dtype", None), "names", None):
        if getattr(rows, "dtype", None) != dtype:
            rows = columns_together(rows, dtype, what)
        return np.asarray(rows).reshape(-1)
    if not isinstance(rows, Sequence | np.ndarray):
        raise WrongType(f"{what}: rows are a structured array or a list of tuples, not {rows!r}")
    if not len(rows):
        return np.empty(0, dtype)
    if isinstance(rows[0], Mapping):
        return columns_together({n: [row[n] for row in rows] for n in rows[0]}, dtype, what)
    names = dtype.names or ()
    try:
        lengths = {len(row) for row in rows}
    except TypeError:
        raise WrongType(
            f"{what}: {_shown(rows)} is no list of rows: one row is given as [(…, …)]"
        ) from None
    if lengths != {len(names)}:
        wrong = next(iter(lengths - {len(names)}))
        raise InvalidArgument(f"{what}: a row of {wrong} values, for {len(names)} columns")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return columns_together(columns, dtype, what)


def _is_frame(rows: Any) -> bool:
    # Told by what it can do, or pandas would be imported to append a tuple.
    return hasattr(rows, "columns") and hasattr(rows, "to_numpy")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
