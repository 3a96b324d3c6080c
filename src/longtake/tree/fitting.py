"""Values for the columns of a table: taken if they can be kept as they are, refused if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.missing import ColumnNotFound

# Up to here, a float64 holds every whole number.
_EXACT_TO = 2.0**53


def fitting(value: Any, dtype: np.dtype, what: str) -> np.ndarray:
    """Give values as an array of a column's type.

    Floats may lose digits, as in any float32. All else comes back as it was: text that is too
    long, integers out of range, and fractions in a column of integers are refused.

    Raises
    ------
    WrongType, InvalidArgument
        If they do not fit; `what` is named.
    """
    if dtype.names is not None and getattr(value, "dtype", None) != dtype:
        return _structured(value, dtype, what)
    given = array_of(value, what)
    if given.dtype.kind in "US" or (given.dtype.kind == "O" and dtype.kind == "S"):
        _require_only_text(value, given, what)
        given = _encoded(given, what)
    if given.dtype == dtype:
        return given
    if "S" in (given.dtype.kind, dtype.kind):
        return _text(given, dtype, what)
    if given.dtype.kind == "O" or (dtype.kind in "iu" and _has_lost_digits(value, given)):
        given = np.array(value, object)
        if not all(isinstance(one, int | float | np.number) for one in given.flat):
            raise WrongType(f"{what}: {_shown(value)} is not of the type {dtype}")
    elif given.dtype.kind not in "biufc" or (given.dtype.kind == "c" and dtype.kind != "c"):
        raise WrongType(f"{what}: {_shown(value)} is not of the type {dtype}")
    made = _kept(given, dtype)
    if made is None:
        raise InvalidArgument(f"{what}: {_shown(value)} cannot be kept as {dtype}")
    return made


def _kept(given: np.ndarray, dtype: np.dtype) -> np.ndarray | None:
    """Give numbers as another type, or None if whole numbers would not be what they were."""
    try:
        with np.errstate(all="ignore"):
            made = given.astype(dtype)
            if dtype.kind in "fc":
                return made
            if given.dtype.kind == "O":
                return made if made.tolist() == given.tolist() else None
            if given.dtype.kind == "f" and dtype.kind in "iu":
                # Beyond these, the result is a matter of the processor.
                limits = np.iinfo(dtype)
                if not np.all((given >= limits.min) & (given < float(limits.max) + 1)):
                    return None
            return made if np.array_equal(made, given) else None
    except (ArithmeticError, TypeError, ValueError):
        return None


def array_of(value: Any, what: str) -> np.ndarray:
    """Give the array that numpy makes of values; of long whole numbers, one that holds them.

    Those beyond 64 bits come as objects.
    """
    try:
        given = np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"{what}: {error}") from error
    if not _has_lost_digits(value, given):
        return given
    objects = np.array(value, object)
    if not all(isinstance(one, int | np.integer) for one in objects.flat):
        return given
    return objects if min(objects.flat) < 0 or max(objects.flat) >= 2**64 else objects.astype("u8")


def _has_lost_digits(value: Any, given: np.ndarray) -> bool:
    """Whether numpy may have rounded whole numbers: it makes floats of short and long ones."""
    if given.dtype.kind != "f" or hasattr(value, "dtype"):
        return False
    return bool(np.any(np.abs(given) >= _EXACT_TO))


def _encoded(given: np.ndarray, what: str) -> np.ndarray:
    try:
        if given.dtype.kind == "O":
            encoded = [one if isinstance(one, bytes) else one.encode() for one in given.flat]
            return np.array(encoded, "S").reshape(given.shape)
        return np.char.encode(given, "utf-8") if given.dtype.kind == "U" else given
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{what}: {error}") from error


def _require_only_text(value: Any, given: np.ndarray, what: str) -> None:
    """Raise if numpy made text of what was none: ``nan`` of a text that is missing."""
    if isinstance(value, str | bytes) or (hasattr(value, "dtype") and given.dtype.kind != "O"):
        return
    for one in np.array(value, object).flat:
        if not isinstance(one, str | bytes):
            raise WrongType(
                f"{what}: {one!r} among text; where text is missing, say what is stored instead, "
                "such as ''"
            )


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
        the order of the columns), mappings or dataclass objects.
    """
    if _is_frame(rows):
        rows = {str(name): _column_of_frame(rows[name]) for name in rows.columns}
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
    if is_dataclass(rows[0]) and not isinstance(rows[0], type):
        return columns_together(_of_objects(rows, what), dtype, what)
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


def _of_objects(rows: Any, what: str) -> dict[str, list[Any]]:
    """Give the columns that the attributes of dataclass objects are."""
    kind = type(rows[0])
    for row in rows:
        if not isinstance(row, kind):
            raise WrongType(f"{what}: {_shown(row)} among rows that are of {kind.__name__}")
    return {field.name: [getattr(row, field.name) for row in rows] for field in fields(kind)}


def _is_frame(rows: Any) -> bool:
    # Told by what it can do, or pandas would be imported to append a tuple.
    return hasattr(rows, "columns") and hasattr(rows, "to_numpy")


def _column_of_frame(column: Any) -> Any:
    values = column.to_numpy()
    # Text is objects in pandas; of a list, it is seen what they are.
    return values.tolist() if values.dtype.kind in "OUT" else values


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
