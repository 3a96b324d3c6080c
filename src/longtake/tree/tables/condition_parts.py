"""What a condition may hold: functions, literals, and what kind of value each is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_ONE = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh"),
    *("arccosh", "arctanh", "log", "log10", "log1p", "exp", "expm1", "sqrt", "floor", "ceil"),
    *("abs", "isnan", "isfinite", "isinf"),
)
#: Each with the kinds of its arguments.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    **{name: (getattr(np, name), ("number",)) for name in _OF_ONE},
    "arctan2": (np.arctan2, ("number", "number")),
    "where": (np.where, ("truth", "number", "number")),
    "contains": (lambda text, part: np.char.find(text, part) >= 0, ("text", "text")),
    "startswith": (np.char.startswith, ("text", "text")),
    "endswith": (np.char.endswith, ("text", "text")),
}
SCALARS = (bool, int, float, complex, str, bytes, np.bool_, np.number, np.character)
LISTS = (list, tuple, set, frozenset, range, np.ndarray)
#: What the value of a part is: a truth value, a number, or text.
_KINDS = {"b": "truth", "i": "number", "u": "number", "f": "number", "c": "number", "S": "text"}


def literal(value: object, text: str) -> Any:
    """Give a value as one of numpy's, which keep their width; integers as Python's, of any."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, np.generic) and value.dtype.kind in "bfcS":
        return value
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, float):
        return np.float64(value)
    if isinstance(value, complex):
        return np.complex128(value)
    if isinstance(value, str):
        return np.bytes_(value.encode())
    if isinstance(value, bytes):
        return np.bytes_(value)
    raise WrongType(f"{text!r}: {value!r} is neither a number, a truth value nor text")


def kind_of(value: Any) -> str:
    """Say in a word what a value is."""
    if isinstance(value, int):
        return "number"
    return _KINDS.get(np.asarray(value).dtype.kind, "value of another kind")


def in_64_bits(value: Any, text: str) -> Any:
    """Give integers 64 bits, as numpy's functions take them."""
    if isinstance(value, int):
        for kind in (np.int64, np.uint64):
            if np.iinfo(kind).min <= value <= np.iinfo(kind).max:
                return kind(value)
        raise InvalidArgument(f"{text!r}: {value} does not fit in 64 bits")
    return value
