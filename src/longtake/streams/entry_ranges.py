"""A run of a stream's entries, as it was when it was asked for: their keys, values, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import index as as_index
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from longtake.errors import InvalidArgument, OutOfRange, WrongType
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SHOWN = 5


class Keys(Sequence[int]):
    """The keys of some entries, as Python integers; ascending, unless sliced backwards.

    Parameters
    ----------
    keys : (n,) int64 array

    Raises
    ------
    OutOfRange
        An IndexError, if there is no key at a position.
    WrongType, InvalidArgument
        If a position is not an integer (of any type), or the step of a slice is 0.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Keys: ...
    def __getitem__(self, index: int | slice) -> int | Keys:
        picked = _picked(range(len(self._keys)), index, "key")
        if isinstance(picked, int):
            return int(self._keys[picked])
        return Keys(self._keys[index])

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys.tolist())

    def __contains__(self, key: object) -> bool:
        try:
            number = whole_number(key, "a key")  # with a float, numpy compares large keys rounded
        except (WrongType, InvalidArgument):
            return False
        return bool((self._keys == number).any())  # not by bisection: a slice of them may descend

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001
        return np.array(self._keys, dtype, copy=copy)

    def tolist(self) -> list[int]:
        """Give all of them as a list."""
        return self._keys.tolist()

    def __repr__(self) -> str:
        return f"Keys({_shown(self)})"


class Entries(Generic[T]):
    """The values of some entries, or their (key, value) pairs, read as they are asked for.

    Iterating reads a block at a time, so any number of entries takes little memory.

    Parameters
    ----------
    first, last : int
        The entries are those at positions [first, last).
    read : callable
        Gives the entries of positions [first, last), one after the other.

    Raises
    ------
    OutOfRange
        An IndexError, if there is no entry at a position, or a slice has a step.
    WrongType
        If a position is not an integer (of any type).
    """

    def __init__(self, first: int, last: int, read: Callable[[int, int], Iterator[T]]) -> None:
        self._first = first
        self._last = max(first, last)
        self._read = read

    def __len__(self) -> int:
        return self._last - self._first

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Entries[T]: ...
    def __getitem__(self, index: int | slice) -> T | Entries[T]:
        picked = _picked(range(self._first, self._last), index, "entry")
        if isinstance(picked, int):
            return next(self._read(picked, picked + 1))
        if picked.step != 1:
            raise OutOfRange("entries are given one after the other: a slice of them has no step")
        return Entries(picked.start, picked.stop, self._read)

    def __iter__(self) -> Iterator[T]:
        return self._read(self._first, self._last)

    def __repr__(self) -> str:
        return f"Entries({_shown(self)})"


def _picked(positions: range, index: Any, what: str) -> int | range:
    """Give the position that an index picks, or those of a slice."""
    try:
        return positions[index if isinstance(index, slice) else as_index(index)]
    except IndexError:
        raise OutOfRange(
            f"there is no {what} at position {index}: there are {len(positions)}"
        ) from None
    except TypeError:
        raise WrongType(
            f"positions are whole numbers, or slices of whole numbers, not {index!r}"
        ) from None
    except ValueError:
        raise InvalidArgument("a slice cannot have a step of 0") from None


def _shown(entries: Keys | Entries) -> str:
    first = ", ".join(map(repr, islice(iter(entries), _SHOWN)))
    return f"[{first}{', …' if len(entries) > _SHOWN else ''}], {len(entries)} in all"
