"""What an entry may hold: what comes back equal. All else is refused, with its place and a way out.

A tuple comes back as a list, a bytearray or memoryview as bytes; that is all that changes.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterator
from typing import Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.array_form import MARKERS, array_refusal, scalar_refusal

#: How deep containers may nest, and how many bytes an entry may take.
MAX_NESTING = 256
MOST_BYTES = 2**30

#: Of these nothing needs to be asked, whatever holds them.
NUMBERS = frozenset({int, float, bool, type(None)})
_SIZED = frozenset({str, bytes, bytearray})
_CONTAINERS = frozenset({dict, list, tuple})
_KEYS = frozenset({str, bytes, int, float, bool, type(None)})
_ARRAYS = frozenset({np.ndarray, np.memmap})
# From here on, asking for the types of all parts at once is the quicker way.
_MANY = 16

_INSTEAD: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((set, frozenset), "use a list"),
    (np.ma.MaskedArray, "use its .filled(...), or store data and mask"),
    (np.ndarray, "use numpy.asarray(...)"),
    (complex, "use numpy.complex128(...)"),
    (enum.Enum, "use its .value or .name"),
    ((datetime.date, datetime.time), "use its .isoformat(), or a number"),
    (datetime.timedelta, "use its .total_seconds()"),
    (dict, "use dict(...)"),
    (list, "use list(...)"),
    (tuple, "use tuple(...), or a dict"),
    (str, "use str(...)"),
    (bytes, "use bytes(...)"),
    (bytearray, "use bytes(...)"),
    (int, "use int(...)"),
    (float, "use float(...)"),
    ((range, Iterator), "use list(...)"),
)


def looks_storable(value: object) -> bool:
    """Tell quickly whether a value can be stored, but for the range of integers and broken text."""
    size = 0
    waiting = [(value, 1)]
    while waiting:
        item, nesting = waiting.pop()
        # The deepest first: what contains itself ends here soon, however often it does.
        if nesting > MAX_NESTING or size > MOST_BYTES:
            return False
        if type(item) is dict:
            for key in item:
                if type(key) is str:
                    size += len(key)
                elif key_refusal(key):
                    return False
            parts = item.values()
        else:
            parts = item if type(item) in _CONTAINERS else (item,)
        size += len(parts)  # pyright: ignore[reportArgumentType]
        if len(parts) > _MANY and NUMBERS.issuperset(map(type, parts)):  # pyright: ignore[reportArgumentType]
            continue
        for part in parts:  # pyright: ignore[reportGeneralTypeIssues]
            kind = type(part)
            if kind in NUMBERS:
                continue
            if kind in _SIZED:
                size += len(part)
            elif kind in _CONTAINERS:
                waiting.append((part, nesting + 1))
            elif refusal(part):
                return False
            else:
                size += part.nbytes
    return size <= MOST_BYTES


def refuse(value: object, name: str) -> None:
    """Raise for the first part of a value that cannot be stored, naming its place.

    Raises
    ------
    WrongType
        If a part is of a type that would not come back as it was.
    InvalidArgument
        If a part is out of range, or the value is too deep, too large, or contains itself.
    """
    for place, part, is_key in _parts(value, name):
        why = key_refusal(part) if is_key else refusal(part)
        if why:
            raise WrongType(f"{place}: {why}")
        why = _out_of_range(part)
        if why:
            raise InvalidArgument(f"{place}: {why}")
    raise InvalidArgument(
        f"{name} nests more than {MAX_NESTING} deep, contains itself, "
        f"or takes more than {MOST_BYTES} bytes"
    )


def _parts(value: object, name: str) -> Iterator[tuple[str, Any, bool]]:
    """Give every part once, in order, with its place and whether it is a key."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any, bool]] = [(name, value, False)]
    while waiting:
        place, part, is_key = waiting.pop()
        yield place, part, is_key
        if is_key or type(part) not in _CONTAINERS or id(part) in seen:
            continue
        seen.add(id(part))
        below: list[tuple[str, Any, bool]] = []
        for at, inner in part.items() if type(part) is dict else enumerate(part):
            if type(part) is dict:
                below.append((f"a key of {place}", at, True))
            below.append((f"{place}[{_shown(at)}]", inner, False))
        waiting += reversed(below)


def _shown(key: object) -> str:
    text = repr(key)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refusal(part: Any) -> str | None:
    """Say why a value of its type cannot be stored; None if it can."""
    kind = type(part)
    if kind in NUMBERS or kind in _SIZED or kind in _CONTAINERS:
        return None
    if kind in _ARRAYS:
        return array_refusal(part.dtype)
    if isinstance(part, np.generic):
        return scalar_refusal(part.dtype)
    if kind is memoryview:
        return _memory_refusal(part)
    return f"a {kind.__name__} cannot be stored; {_instead(part)}"


def _memory_refusal(view: memoryview) -> str | None:
    if view.format == "B" and view.c_contiguous and view.ndim == 1:
        return None
    return "a memoryview of more than plain bytes cannot be stored; use numpy.asarray(...) or bytes"


def _instead(part: object) -> str:
    for kinds, hint in _INSTEAD:
        if isinstance(part, kinds):
            return hint
    if dataclasses.is_dataclass(part):
        return "use dataclasses.asdict(...)"
    return "use str(...), a number, or a dict of what is in it"


def key_refusal(key: object) -> str | None:
    """Say why a key of a dict cannot be stored; None if it can."""
    if type(key) not in _KEYS:
        return f"{_shown(key)} is a {type(key).__name__}; use text or a plain number"
    if key != key:  # nobody could look it up
        return "NaN cannot be a key; use text"
    if key in MARKERS:
        return f"the key {key!r} marks numpy's own values; use text"
    return None


def _out_of_range(part: Any) -> str | None:
    if type(part) is int and not -(2**63) <= part < 2**64:
        return "an integer outside of -2**63 to 2**64 - 1; use text or a float"
    if isinstance(part, str):
        try:
            part.encode()
        except UnicodeEncodeError as error:
            return f"text that is not Unicode ({error.reason} at {error.start}); use bytes"
    return None
