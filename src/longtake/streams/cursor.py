"""How far a reader of a stream has come: every entry is taken once, in the order they were put."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np

from longtake.errors import DamagedFile, InvalidArgument, WrongType
from longtake.streams.gaps import GapFinder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.streams.gaps import Gap
    from longtake.streams.stream_view import StreamView

V = TypeVar("V")
#: From where a stream is followed: its first entry, what comes from now on, or a key.
Start = int | Literal["now"] | None

#: So many looks that found something are remembered, to know since when an entry is there.
_MOST_LOOKS = 1024


class Lag(NamedTuple):
    """How far a follower is behind what was written.

    Attributes
    ----------
    entries : int
        Those that are in the file, and were not given yet.
    seconds : float
        For how long the first of them has been known to be there; 0 if there are none.
    """

    entries: int
    seconds: float


class Cursor(Generic[V]):
    """Takes the entries of a stream one after the other, as far as there are any.

    Memory stays as it is, however long the stream gets.

    Parameters
    ----------
    view : StreamView
    start : int, "now" or None
        The first entry to take: the first one whose key is this or greater; the first that is
        written from now on; by default the first of the stream.
    """

    def __init__(self, view: StreamView[V], start: Start = None) -> None:
        require_start(start)
        self.view = view
        self._least = start if isinstance(start, int) else None
        self._there = view.look()
        #: The row of the index that comes next.
        self.row = self._there if start == "now" else self._first_row()
        self._looks: deque[tuple[int, float]] = deque(maxlen=_MOST_LOOKS)
        self._gaps = GapFinder() if view.is_regular else None
        self._reading: Iterator[tuple[int, V]] = iter(())
        self._seen()

    @property
    def has_next(self) -> bool:
        """Whether an entry is known to be there."""
        return self.row < self._there

    @property
    def end(self) -> int:
        """The row after the last that is known."""
        return self._there

    @property
    def lag(self) -> Lag:
        """How far this is behind the file, as it is now."""
        self.look()
        return self.lag_from(self.row)

    def lag_from(self, row: int) -> Lag:
        """How far the file, as it was at the last look, is ahead of a row."""
        if row >= self._there:
            return Lag(0, 0.0)
        now = monotonic()
        since = next((at for rows, at in self._looks if rows > row), now)
        return Lag(self._there - row, now - since)

    @property
    def gaps(self) -> list[Gap]:
        """Where frames are missing, of those taken so far: the last hundred places."""
        return [] if self._gaps is None else list(self._gaps.found)

    @property
    def missing(self) -> int:
        """How many frames are missing, of those taken so far, as their keys tell."""
        return 0 if self._gaps is None else self._gaps.missing

    def look(self) -> bool:
        """Look for what was written since the last look; whether there is something to take."""
        there = self.view.look()
        if there > self._there:
            self._there = there
            self._seen()
        return self.has_next

    def take(self) -> tuple[int, V] | None:
        """Take the next entry, of those that are known; None if there is none.

        An entry that cannot be read raises its error, and is passed.
        """
        while self.row < self._there:
            try:
                entry = next(self._reading, None)
            except DamagedFile:
                if self._pass_damaged():
                    raise
                continue
            except BaseException:  # interrupted: it is read again
                self._reading = iter(())
                raise
            if entry is None:
                self._reading = self.view.rows_from(self.row, self._there)
                continue
            self.row += 1
            if self._is_wanted(entry[0]):
                if self._gaps is not None:
                    self._gaps.take_in(entry[0])
                return entry
        return None

    def _pass_damaged(self) -> bool:
        """Go on after an entry that cannot be read; say whether it was wanted."""
        self._reading = iter(())
        if self.view.file is not None:
            self.view.file.refresh()  # says so, if it is the whole file that is gone
        self.row += 1
        return self._is_wanted(self.view.key_of_row(self.row - 1))

    def _is_wanted(self, key: int) -> bool:
        return self._least is None or key >= self._least

    def _first_row(self) -> int:
        return 0 if self._least is None else self.view.first_row_from(self._least)

    def _seen(self) -> None:
        now = monotonic()
        # (Those that first showed the row before, too: it may be at hand, and not given yet.)
        while self._looks and self._looks[0][0] < self.row:
            self._looks.popleft()
        if len(self._looks) == _MOST_LOOKS:
            self._looks.pop()  # the oldest are those that tell how far behind this is
        self._looks.append((self._there, now))


def require_start(start: object) -> None:
    """Refuse what is no place to start from."""
    if start is None or (isinstance(start, str) and start == "now"):
        return
    if isinstance(start, str):
        raise InvalidArgument(f'start={start!r}: give a key, "now", or None for the first entry')
    if isinstance(start, bool) or not isinstance(start, int | np.integer):
        raise WrongType(f'start is a key, "now" or None, not {start!r}')


def key_or_start(start: Any) -> Start:
    """Give a start as one of Python's own types."""
    require_start(start)
    return int(start) if isinstance(start, np.integer) else start
