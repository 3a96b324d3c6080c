"""Reading a stream: the same calls for every kind, whoever is writing it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from copy import deepcopy
from numbers import Real
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from longtake.errors import InvalidArgument, KeyNotFound, WrongType
from longtake.hdf.attribute_set import AttributeSet
from longtake.hdf.html_table import html_table, told
from longtake.streams.entry_ranges import Entries, Keys
from longtake.streams.stream_follower import BatchFollower, StreamFollower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.errors import LongtakeError
    from longtake.streams.cursor import Start
    from longtake.streams.end_of_writing import Written
    from longtake.streams.lookup import KeyLookup

V = TypeVar("V")


class StreamView(ABC, Generic[V]):
    """Values by key (a timestamp or a frame number), in ascending order of key.

    A view is as the file is at the moment of each call, also while another process writes it.
    What `keys`, `values`, `items` and their ``_for_range`` forms give stays as it was then.
    Threads may share it.

    Like a dict, a view iterates over its keys, and ``key in view`` asks for a key.
    """

    def __init__(self, name: str, application: dict[str, object]) -> None:
        self.name = name
        #: The attributes that its user gave, as far as they were taken in.
        self.application = application
        #: Why those cannot be read.
        self.attribute_error: LongtakeError | None = None
        #: Called before a read, to learn of a structure that has changed; says if it had.
        self.look_again: Callable[[], bool] | None = None
        #: Called to learn of the room that the stream was given; says if there may be some.
        self.grow: Callable[[], bool] = lambda: False
        #: Whether rows may be elsewhere by now than where they were read.
        self.has_moved: Callable[[], bool] = lambda: False
        #: Of the threads that take in what was written; views of one file share theirs.
        self.looking = threading.RLock()
        #: The file that this is read from; None of a stream that is being written.
        self.file: Written | None = None

    @abstractmethod
    def refresh(self) -> None:
        """Take in what was written since the last look."""

    @abstractmethod
    def look(self) -> int:
        """Take in what was written, at little cost if nothing was; give how many rows there are.

        They are those of the index, one for each time that a value was stored.
        """

    @abstractmethod
    def first_row_from(self, key: int) -> int:
        """Give the first row that may have this key or a greater one."""

    @abstractmethod
    def rows_from(self, first: int, last: int) -> Iterator[tuple[int, V]]:
        """Read the keys and values of rows [first, last), which are known, in bounded memory."""

    @abstractmethod
    def key_of_row(self, row: int) -> int:
        """Give the key of a row that is known."""

    #: Whether the keys come at about equal steps, so that a longer one is a gap.
    is_regular = False

    @property
    @abstractmethod
    def group(self) -> str:
        """The path of the stream's group in the file."""

    @property
    def attributes(self) -> AttributeSet:
        """The stream's attributes; those its user gave are in ``application``.

        They are those of the moment this is asked, also of a stream that is being written: what
        ``set_attribute`` has set is among them when it has returned. What was given stays as it
        is; ask again to see what has changed since.
        """
        self.refresh()
        own = {"CLASS": "GROUP", "TITLE": "", "VERSION": "1.0", "name": self.name}
        given = self.attribute_error or deepcopy(self.application)
        return AttributeSet(self.group, own | {"application": given})

    @property
    @abstractmethod
    def _known(self) -> KeyLookup:
        """The keys that were taken in."""

    @abstractmethod
    def _read(self, first: int, last: int) -> Iterator[V]:
        """Read the values at positions [first, last), which are known, in bounded memory."""

    def __len__(self) -> int:
        self.refresh()
        return len(self._known)

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, int | np.integer) or isinstance(key, bool):
            return False
        self.refresh()
        return self._known.get(int(key)) is not None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {told(self._count)}>"

    def _count(self) -> str:
        return f"{len(self)} entries"

    def _repr_html_(self) -> str:
        parts = {
            "entries": self._count,
            "keys": self._span,
            "values": self._form,
            "attributes": lambda: repr(self.attributes["application"]),
        }
        rows = ((name, told(tell)) for name, tell in parts.items())
        return html_table(f"{type(self).__name__} {self.name!r}", rows)

    def _span(self) -> str:
        keys = self.keys()
        return f"{keys[0]} to {keys[-1]}" if keys else "none yet"

    def _form(self) -> str:
        """Say what a value is."""
        return "of any shape"

    def keys(self) -> Keys:
        """Give all keys."""
        return self.keys_for_range()

    def values(self) -> Entries[V]:
        """Give all values, which are read as they are asked for."""
        return self.values_for_range()

    def items(self) -> Entries[tuple[int, V]]:
        """Give all (key, value) pairs, which are read as they are asked for."""
        return self.items_for_range()

    @property
    def iloc(self) -> Entries[V]:
        """The values by position: ``stream.iloc[0]``, ``stream.iloc[-10:]``."""
        return self.values()

    @property
    def last_key(self) -> int | None:
        """The greatest key, or None if there is no entry yet."""
        self.refresh()
        return self._known.last_key()

    def keys_for_range(self, start: float | None = None, end: float | None = None) -> Keys:
        """Give the keys from `start` up to, not including, `end`; None is no bound.

        Raises
        ------
        InvalidArgument
            If `start` comes after `end`.
        """
        first, last = self._positions(start, end)
        return Keys(self._known.between(first, last))

    def values_for_range(self, start: float | None = None, end: float | None = None) -> Entries[V]:
        """Give the values of the keys from `start` up to, not including, `end`."""
        return Entries(*self._positions(start, end), self._read)

    def items_for_range(
        self, start: float | None = None, end: float | None = None
    ) -> Entries[tuple[int, V]]:
        """Give the (key, value) pairs from key `start` up to, not including, `end`."""
        return Entries(*self._positions(start, end), self._read_items)

    @overload
    def __getitem__(self, key: int) -> V: ...
    @overload
    def __getitem__(self, key: slice) -> Any: ...
    def __getitem__(self, key: int | slice) -> Any:
        if isinstance(key, slice):
            if key.step is not None:
                raise InvalidArgument(f"{self.name!r}: a range of keys has no step, as {key!r} has")
            return self._slice(key.start, key.stop)
        if not isinstance(key, int | np.integer) or isinstance(key, bool):
            raise WrongType(f"{self.name!r}: a key is an integer, not {key!r}")
        return self._value(int(key))

    def get(self, key: int, default: Any = None) -> Any:
        """Give the value at `key`, or `default` where there is none."""
        try:
            return self[key]
        except KeyNotFound:
            return default

    def nearest(self, key: float) -> tuple[int, V]:
        """Give the (key, value) whose key is nearest to `key`; of two as near, the earlier.

        Raises
        ------
        KeyNotFound
            If the stream is empty.
        """
        self.refresh()
        found = self._known.nearest(key)
        if found is None:
            raise KeyNotFound(f"{self.name!r} has no entry yet")
        return found, self[found]

    @overload
    def follow(
        self,
        start: Start = None,
        *,
        timeout: float | None = None,
        batch: None = None,
        poll: float | None = None,
    ) -> StreamFollower[V]: ...
    @overload
    def follow(
        self,
        start: Start = None,
        *,
        timeout: float | None = None,
        batch: int,
        poll: float | None = None,
    ) -> BatchFollower[V]: ...
    def follow(
        self,
        start: Start = None,
        *,
        timeout: float | None = None,
        batch: int | None = None,
        poll: float | None = None,
    ) -> StreamFollower[V]:
        """Give every (key, value) pair as it is written, until the writer has finished.

        Parameters
        ----------
        start : int, "now" or None
            The first entry: the one with this key, or the first one after it; what is written from
            now on; by default the first of the stream.
        timeout : float, seconds, optional
            How long to wait for the next entry; by default for ever. The time begins anew with
            every entry.
        batch : int, optional
            Give lists of pairs instead: all that are there, at most so many, as soon as there is
            one. Whoever falls behind so has more to do at once.
        poll : float, seconds, optional
            How often to look; by default ever less often while nothing comes, after 0.2 ms to
            10 ms (see `Polling`).

        Returns
        -------
        StreamFollower
            An iterator, with `lag` and `gaps`. It ends when the writer has finished.

        Raises
        ------
        InvalidArgument, WrongType
            If an argument cannot be used; or of a stream that is being written by this object:
            follow it through ``recording.open()``.

        While iterating, `WriterDied` if the writer ended without finishing the file, `NothingCame`
        if nothing came in time: then it may be asked again.

        Examples
        --------
        >>> import longtake as lt, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
        >>> with lt.record(path) as recording:
        ...     game = recording.create_data_stream("game")
        ...     game.append(1, "serve")
        ...     follower = lt.open(path).data_streams.game.follow()
        ...     print(next(follower))
        ...     game.append(2, "return")
        (1, 'serve')
        >>> list(follower)
        [(2, 'return')]
        """
        if batch is None:
            return StreamFollower(self, start, timeout=timeout, poll=poll)
        return BatchFollower(self, start, batch, timeout=timeout, poll=poll)

    def _slice(self, start: float | None, end: float | None) -> Any:
        return self.values_for_range(start, end)

    def _read_items(self, first: int, last: int) -> Iterator[tuple[int, V]]:
        return zip(self._known.between(first, last).tolist(), self._read(first, last), strict=True)

    @abstractmethod
    def _value(self, key: int) -> V:
        """Read the value at a key."""

    def _positions(self, start: float | None, end: float | None) -> tuple[int, int]:
        for bound in (start, end):
            if bound is not None and (not isinstance(bound, Real) or bound != bound):
                raise WrongType(f"{self.name!r}: a range is from number to number, not {bound!r}")
        if start is not None and end is not None and start > end:
            raise InvalidArgument(f"{self.name!r}: a range from {start} to {end} runs backwards")
        self.refresh()
        known = self._known
        return (
            0 if start is None else known.position(start),
            len(known) if end is None else known.position(end),
        )

    def _missing(self, key: int) -> KeyNotFound:
        nearest = self._known.nearest(key)
        if nearest is None:
            return KeyNotFound(f"{self.name!r} has nothing at {key}: it is empty")
        first, last = self._known.first_key(), self._known.last_key()
        return KeyNotFound(
            f"{self.name!r} has nothing at {key}: its keys go from {first} to {last}, the nearest "
            f"is {nearest}"
        )
