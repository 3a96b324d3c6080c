"""From a key to its row in an index, in logarithmic time and little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from fractions import Fraction
from numbers import Integral, Rational, Real

import numpy as np

from longtake.errors import WrongType

#: Out-of-order keys wait in a dict until there are so many that merging them pays.
_FEWEST_TO_MERGE = 1024


class KeyLookup:
    """Maps each key to the newest row that carries it.

    Keys that arrive in ascending order, as nearly all do, cost 8 bytes each; the others are
    kept in a small dict and merged now and then.
    """

    def __init__(self) -> None:
        self._keys = array("q")  # ascending
        self._rows: array[int] | None = None  # of each key; None while they are 0, 1, 2, …
        self._recent: dict[int, int] = {}  # newer; none of its keys is beyond the others
        #: How many rows of the index were added; they come in their order.
        self.rows_seen = 0

    def __len__(self) -> int:
        self._merge()
        return len(self._keys)

    def add(self, key: int, row: int) -> None:
        """Let `key` mean `row` from now on."""
        self.rows_seen = row + 1
        if self._keys and key <= self._keys[-1]:
            self._recent[key] = row
            if len(self._recent) > max(_FEWEST_TO_MERGE, len(self._keys) // 4):
                self._merge()
            return
        if self._rows is None and row != len(self._keys):
            self._rows = array("q", range(len(self._keys)))
        if self._rows is not None:
            self._rows.append(row)
        self._keys.append(key)

    def add_many(self, keys: np.ndarray, first_row: int) -> None:
        """Let keys (n,) int64 mean the rows from `first_row` on."""
        goes_on = first_row == len(self._keys) and self._rows is None
        if goes_on and self._is_ahead(keys):
            self._keys.frombytes(keys.astype("=i8").tobytes())
            self.rows_seen = first_row + len(keys)
            return
        for i, key in enumerate(keys.tolist()):
            self.add(key, first_row + i)

    def _is_ahead(self, keys: np.ndarray) -> bool:
        """Whether keys ascend, and come after all that are known."""
        if len(keys) == 0:
            return True
        is_later = not self._keys or int(keys[0]) > self._keys[-1]
        return is_later and bool((keys[1:] > keys[:-1]).all())

    def get(self, key: int) -> int | None:
        """Give the newest row of `key`, or None."""
        if key in self._recent:
            return self._recent[key]
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            return None
        return at if self._rows is None else self._rows[at]

    def keys(self) -> np.ndarray:
        """Give all keys, ascending, (n,) int64."""
        return self.between(0, len(self))

    def between(self, first: int, last: int) -> np.ndarray:
        """Give the keys at positions [first, last), ascending, (n,) int64."""
        self._merge()
        return np.array(self._keys[first:last], np.int64)

    def position(self, key: float) -> int:
        """Give how many keys are less than `key`, a number of any type."""
        self._merge()
        if key.__class__ is not int:
            key = _number(key)
        return bisect_left(self._keys, key)

    def has(self, position: int, key: int) -> bool:
        """Whether `key` is at that position."""
        return position < len(self._keys) and self._keys[position] == key

    def nearest(self, key: float) -> int | None:
        """Give the key nearest to `key`, a number of any type; of two as near, the lesser.

        Where there are no keys, it gives None.

        Raises
        ------
        WrongType
            If `key` is no real number.
        """
        key = _number(key)
        at = self.position(key)
        near = self._keys[max(at - 1, 0) : at + 1]
        if len(near) < 2:
            return near[0] if near else None
        before, after = near
        exact = Fraction(key)  # as floats, differences of large keys would be rounded
        return before if exact - before <= after - exact else after

    def first_key(self) -> int | None:
        """Give the least key, or None."""
        self._merge()
        return self._keys[0] if self._keys else None

    def rows(self) -> np.ndarray:
        """Give the newest row of each key, in ascending order of key, (n,) int64."""
        return self.rows_between(0, len(self))

    def last_key(self) -> int | None:
        """Give the greatest key, or None."""
        return self._keys[-1] if self._keys else None

    def rows_between(self, first: int, last: int) -> np.ndarray:
        """Give the newest row of each key at positions [first, last), (n,) int64."""
        self._merge()
        if self._rows is None:
            return np.arange(first, max(first, last), dtype=np.int64)
        return np.array(self._rows[first:last], np.int64)

    def _merge(self) -> None:
        if not self._recent:
            return
        count = len(self._keys)
        old_rows = np.arange(count) if self._rows is None else np.array(self._rows, np.int64)
        keys = np.append(np.array(self._keys, np.int64), list(self._recent))
        rows = np.append(old_rows, list(self._recent.values()))
        order = np.argsort(keys, kind="stable")  # of equal keys, the recent one comes last
        keys, rows = keys[order], rows[order]
        newest = np.append(keys[1:] != keys[:-1], True)
        self._keys = array("q", keys[newest].tobytes())
        self._rows = array("q", rows[newest].tobytes())
        self._recent = {}


def _number(key: object) -> float:
    """Give a number as one of Python's own types, which compare with any integer exactly.

    numpy's do not: an integer beside a float is rounded, and unsigned differences wrap around.
    """
    if isinstance(key, bool) or not isinstance(key, Real) or key != key:
        raise WrongType(f"a key is looked for by a number, not by {key!r}")
    if isinstance(key, Integral):
        return int(key)
    return key if isinstance(key, Rational) else float(key)  # pyright: ignore[reportReturnType]
