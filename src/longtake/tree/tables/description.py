"""What a table's rows are made of, however it was said: a class, a mapping, a dtype, data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.tables.columns import Col

_PYTHONS = {int: "i8", float: "f8", bool: "?", complex: "c16"}


class IsDescription:
    """Base of a class whose attributes are the columns of a table, in their order.

    A class inside it is a column of several columns.

    Examples
    --------
    >>> from longtake.tree import Float64Col, StringCol
    >>> class Star(IsDescription):
    ...     name = StringCol(16)
    ...     ra = Float64Col()
    >>> described(Star)[0].names
    ('name', 'ra')
    """


def described(description: Any) -> tuple[np.dtype, dict[str, Any]]:
    """Give the dtype of a row, and the defaults of those columns that have one.

    Parameters
    ----------
    description
        An `IsDescription` class; a dataclass or other class with annotations (``x: float``,
        ``name: Annotated[str, 16]``); a mapping of name to `Col`, dtype or mapping; a numpy dtype.

    Raises
    ------
    WrongType, InvalidArgument
        If it describes no columns, or one that cannot be stored.
    """
    if isinstance(description, np.dtype):
        columns = _of_dtype(description)
    elif isinstance(description, Mapping):
        columns = dict(description)
    elif isinstance(description, (type, IsDescription)):
        kind = description if isinstance(description, type) else type(description)
        columns = _of_class(kind)
    else:
        columns = _of_dtype(_dtype(description))
    if not columns:
        raise InvalidArgument(f"{description!r} describes no columns")
    made = {name: _column(value) for name, value in columns.items()}
    for name in made:
        _require_name(name)
    order = sorted(made, key=lambda name: (made[name].pos is None, made[name].pos or 0))
    dtype = np.dtype([(name, made[name].full_dtype) for name in order])
    return dtype, {name: made[name].dflt for name in order}


class _Columns(NamedTuple):
    """A column of columns."""

    full_dtype: np.dtype
    dflt: dict[str, Any]
    pos: int | None = None


def _column(value: Any) -> Col | _Columns:
    if isinstance(value, Col | _Columns):
        return value
    if isinstance(value, Mapping):
        return _Columns(*described(value))
    if isinstance(value, type) and issubclass(value, IsDescription):
        return _Columns(*described(value), pos=getattr(value, "_v_pos", None))
    dtype = _dtype(value)
    return Col(dtype) if dtype.names is None else _Columns(*described(dtype))


def _dtype(value: Any) -> np.dtype:
    try:
        return np.dtype(value)
    except TypeError as error:
        raise WrongType(
            f"{value!r} describes no column: give a class of columns, a mapping, or a dtype"
        ) from error


def _of_dtype(dtype: np.dtype) -> dict[str, Any]:
    if dtype.names is None:
        raise WrongType(f"{dtype} describes no columns, which have names")
    return {name: dtype[name] for name in dtype.names}


def _of_class(kind: type) -> dict[str, Any]:
    if issubclass(kind, IsDescription):
        names = [n for base in reversed(kind.__mro__) for n in vars(base)]
        return {
            name: value
            for name in dict.fromkeys(names)
            if isinstance(value := getattr(kind, name), Col)
            or (isinstance(value, type) and issubclass(value, IsDescription))
        }
    hints = get_type_hints(kind, include_extras=True)
    if not hints:
        raise WrongType(f"{kind.__name__} describes no columns: it has no annotations")
    defaults = {}
    if is_dataclass(kind):
        defaults = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    return {name: _annotated(name, hint, defaults.get(name)) for name, hint in hints.items()}


def _annotated(name: str, hint: Any, dflt: Any) -> Any:
    size: Any = None
    if get_origin(hint) is Annotated:
        hint, size = get_args(hint)[:2]
    if hint in {str, bytes}:
        if not isinstance(size, int):
            raise WrongType(
                f"column {name!r}: how many bytes its text may have is to be said, as in "
                "Annotated[str, 16]"
            )
        return Col(f"S{size}", dflt=dflt)
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, IsDescription)):
        return _Columns(*described(hint))
    return Col(_PYTHONS.get(hint, hint), dflt=dflt)


def _require_name(name: object) -> None:
    if not isinstance(name, str) or not name or "/" in name or "\0" in name:
        raise InvalidArgument(f"{name!r} cannot be the name of a column")


def simple_columns(dtype: np.dtype) -> list[tuple[str, ...]]:
    """Give the paths of all columns that hold values, in the order in which PyTables numbers them.

    Those of a level come before those of the columns within it.
    """
    found: list[tuple[str, ...]] = []
    level: list[tuple[tuple[str, ...], np.dtype]] = [((), dtype)]
    while level:
        deeper = []
        for path, outer in level:
            for name in outer.names or ():
                inner = outer[name].base
                if inner.names is None:
                    found.append((*path, name))
                else:
                    deeper.append(((*path, name), inner))
        level = deeper
    return found


def columns_of(dtype: np.dtype, defaults: Any) -> dict[str, Any]:
    """Give the columns that a dtype and defaults describe, by name: the reverse of `described`."""
    made: dict[str, Any] = {}
    for name in dtype.names or ():
        inner, dflt = dtype[name], defaults[name]
        made[name] = Col(inner, dflt=dflt) if inner.base.names is None else columns_of(inner, dflt)
    return made
