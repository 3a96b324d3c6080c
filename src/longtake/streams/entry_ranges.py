"""A run of a stream's entries, as it was when it was asked for: their keys, values, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import index as as_index
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SHOWN = 5


class Keys(Sequence[int]):
    """The keys of some entries, as Python integers; ascending, unless sliced backwards.

    Parameters
    ----------
    keys : (n,) int64 array
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
        if isinstance(index, slice):
            return Keys(self._keys[index])
        return int(self._keys[as_index(index)])

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys.tolist())

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, int | float | np.number):
            return False
        return bool((self._keys == key).any())  # not by bisection: a slice of them may descend

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
        picked = range(self._first, self._last)[index]
        if isinstance(picked, int):
            return next(self._read(picked, picked + 1))
        if picked.step != 1:
            raise IndexError("entries are given one after the other: a slice of them has no step")
        return Entries(picked.start, picked.stop, self._read)

    def __iter__(self) -> Iterator[T]:
        return self._read(self._first, self._last)

    def __repr__(self) -> str:
        return f"Entries({_shown(self)})"


def _shown(entries: Keys | Entries) -> str:
    first = ", ".join(map(repr, islice(iter(entries), _SHOWN)))
    return f"[{first}{', …' if len(entries) > _SHOWN else ''}], {len(entries)} in all"
