"""Comparing and calculating as Python does, where numpy would round or go round in silence."""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BITS = 1024
_ARITHMETIC: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: np.power,
    ast.LShift: np.left_shift,
    ast.RShift: np.right_shift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
ARITHMETIC = frozenset(_ARITHMETIC) - {ast.BitAnd, ast.BitOr, ast.BitXor}
LOGIC = {how: _ARITHMETIC[how] for how in (ast.BitAnd, ast.BitOr, ast.BitXor)}
#: With Python's integers, which are of any length.
_OF_CONSTANTS = _ARITHMETIC | {
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
#: What can go beyond 64 bits, as floats.
_ROUGHLY: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: np.power,
    ast.LShift: lambda value, bits: value * np.exp2(bits),
}
_COMPARISONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
COMPARISONS = frozenset(_COMPARISONS)
_MIRRORED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
# How values are compared with the number next to a constant that none of them can equal.
_NEXT_BELOW = {ast.Lt: ast.LtE, ast.GtE: ast.Gt}
_NEXT_ABOVE = {ast.LtE: ast.Lt, ast.Gt: ast.GtE}


class Beyond64Bits(ArithmeticError):
    """Whole numbers that cannot be calculated with exactly."""


def compared(how: type[ast.AST], a: Any, b: Any) -> Any:
    """Compare values; numbers in a column and a constant as exactly as Python compares them."""
    a, b = _constant(a), _constant(b)
    if isinstance(a, int | float):
        if isinstance(b, int | float):
            return np.bool_(_COMPARISONS[how](a, b))
        a, how, b = b, _MIRRORED.get(how, how), a
    if isinstance(b, int | float) and a.dtype.kind == "b":
        a = a.astype(np.uint8)
    if isinstance(b, int | float) and a.dtype.kind in "iuf":
        return _with_constant(how, a, b)
    return _COMPARISONS[how](a, b)


def _with_constant(how: type[ast.AST], values: np.ndarray, constant: float) -> Any:
    whole = values.dtype.kind != "f"
    if not math.isfinite(constant):
        return _COMPARISONS[how](values, np.float64(constant))
    near = math.floor(constant) if whole else _float(constant)
    if near != constant:
        if how in {ast.Eq, ast.NotEq}:
            return np.full(np.shape(values), how is ast.NotEq)
        how = (_NEXT_BELOW if near < constant else _NEXT_ABOVE).get(how, how)
    return _COMPARISONS[how](values, near if whole else np.float64(near))


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _constant(value: Any) -> Any:
    """Give floats as Python's, which are compared exactly with integers of any length."""
    return float(value) if isinstance(value, np.floating) else value


def calculated(how: type[ast.AST], a: Any, b: Any) -> Any:
    """Calculate with two values; whole numbers exactly.

    Raises
    ------
    Beyond64Bits
        If a result does not fit in 64 bits.
    """
    if isinstance(a, int) and isinstance(b, int):
        made = _of_constants(how, a, b)
        if made is not None:
            return made
    if how is ast.Div or not (is_whole(a) and is_whole(b)):
        return _ARITHMETIC[how](_wide(a), _wide(b))
    if how is ast.Pow and np.any(np.asarray(b) < 0):
        return np.power(np.asarray(a, np.float64), np.asarray(b, np.float64))
    return _of_whole(how, a, b)


def _of_constants(how: type[ast.AST], a: int, b: int) -> int | None:
    """Calculate with Python's integers, or give None where these give none."""
    if how is ast.Div or (b <= 0 and how in {ast.FloorDiv, ast.Mod}):
        return None
    if how in {ast.Pow, ast.LShift, ast.RShift}:
        if b < 0:
            return None
        # Before it is calculated: it could be of any length.
        length = a.bit_length() * b if how is ast.Pow else b + a.bit_length()
        if length > 4 * _MOST_BITS and abs(a) > 1:
            raise Beyond64Bits
    made = _OF_CONSTANTS[how](a, b)
    if made.bit_length() > _MOST_BITS:
        raise Beyond64Bits
    return made


def _of_whole(how: type[ast.AST], a: Any, b: Any) -> Any:
    for kind in (np.int64, np.uint64):
        if not (_fits(a, kind) and _fits(b, kind)):
            continue
        left, right = np.asarray(a).astype(kind), np.asarray(b).astype(kind)
        made = _ARITHMETIC[how](left, right)
        if how not in _ROUGHLY:
            return made
        roughly = _ROUGHLY[how](left.astype(np.float64), right.astype(np.float64))
        # What went round is wrong by 2**64, what did not by less than a millionth of that.
        if np.all(np.abs(roughly - made) < 2.0**62):
            return made
    raise Beyond64Bits


def _fits(value: Any, kind: type[np.integer]) -> bool:
    limits = np.iinfo(kind)
    if isinstance(value, int):
        return bool(limits.min <= value <= limits.max)
    if np.can_cast(value.dtype, kind) or not value.size:
        return True
    return bool(limits.min <= value.min() and value.max() <= limits.max)


def is_whole(value: Any) -> bool:
    """Whether a number is an integer."""
    return isinstance(value, int) or value.dtype.kind in "iu"


def _wide(value: Any) -> Any:
    """Give integers 64 bits, and constants that are longer as floats."""
    if isinstance(value, int):
        return np.int64(value) if _fits(value, np.int64) else np.float64(value)
    return value.astype(np.int64) if value.dtype.kind in "iu" and value.itemsize < 8 else value
