"""The one rule for numbers that must be whole: frame numbers, keys, counts."""

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
    number = int(value)  # pyright: ignore[reportArgumentType]  (of numpy it knows too little)
    if not _LEAST <= number <= _MOST:
        raise InvalidArgument(f"{what} must fit in 64 bits, which {number} does not")
    if not least <= number <= most:
        span = f"{least} or more" if most == _MOST else f"from {least} to {most}"
        raise InvalidArgument(f"{what} must be {span}, not {number}")
    return number
