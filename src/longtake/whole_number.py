"""The rules for numbers that must be whole: timestamps to store; frame numbers, counts, moments."""

from __future__ import annotations

from numbers import Integral, Real

from longtake.errors import InvalidArgument, WrongType

_LEAST, _MOST = -(2**63), 2**63 - 1


def whole_number(value: object, what: str, *, least: int = _LEAST, most: int = _MOST) -> int:
    """Give a number as a Python integer, or say why it is none.

    Integers of any type are taken, and floats without a fraction, as columns of numbers often
    hold them; a bool is no number here. By default it must fit in 64 bits with a sign.

    Raises
    ------
    WrongType
        If it is not a number.
    InvalidArgument
        If it has a fraction, or is out of range.

    Examples
    --------
    >>> whole_number(7.0, "a frame number")
    7
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise WrongType(f"{what} is a whole number, not {value!r}")
    if not isinstance(value, Integral) and not float(value).is_integer():
        raise InvalidArgument(f"{what} is a whole number, not {value!r}")
    number = _fitting(int(value), what)  # pyright: ignore[reportArgumentType]  (of numpy it knows too little)
    if not least <= number <= most:
        span = f"{least} or more" if most == _MOST else f"from {least} to {most}"
        raise InvalidArgument(f"{what} must be {span}, not {number}")
    return number


def integer(value: object, what: str) -> int:
    """Give an integer of any type as a Python one, or say why it is none.

    A float is none, not even one without a fraction: a large one may be a neighbour, rounded.

    Raises
    ------
    WrongType
        If it is of another type.
    InvalidArgument
        If it does not fit in 64 bits with a sign.

    Examples
    --------
    >>> integer(True, "a timestamp")
    Traceback (most recent call last):
    longtake.errors.WrongType: a timestamp is an integer, not True
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise WrongType(f"{what} is an integer, not {value!r}")
    return _fitting(int(value), what)


def _fitting(number: int, what: str) -> int:
    if not _LEAST <= number <= _MOST:
        raise InvalidArgument(f"{what} must fit in 64 bits, which {number} does not")
    return number
