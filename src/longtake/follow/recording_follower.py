"""Following a recording: all of its streams, or some, merged by key."""

from __future__ import annotations

from contextlib import suppress
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Self

from longtake.errors import Closed, DamagedFile
from longtake.follow.followed_stream import Entry, FollowedStream
from longtake.follow.opening import open_when_there
from longtake.follow.wanted_streams import WantedStreams
from longtake.streams.cursor import Cursor, Lag, key_or_start
from longtake.streams.following import Following
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from longtake.streams import StreamFileView
    from longtake.streams.cursor import Start
    from longtake.streams.gaps import Gap


class RecordingFollower(Following):
    """Gives the entries of a recording as they are written: what `longtake.follow` gives.

    Iterating gives an `Entry` each time, and ends when the writer has finished. Streams that are
    created meanwhile are followed too, from their first entry.

    Attributes
    ----------
    lag : Lag
        The entries of all streams that are there and were not given yet, and for how many seconds
        the first of them has been.
    gaps : dict of str to list of Gap
        Of each frame stream: between which keys frames are missing, of those given; the last
        hundred places.

    Guarantees
    ----------
    Order: of each stream, as it was appended. Across streams by key: entries that were appended in
    the order of their keys, to whatever streams, are given in that order. One whose key is less
    than that of an entry appended before it, to another stream, may come after that. Loss: none;
    each entry once. Memory: a block of entries for each stream, at most 4 MiB (16 MiB of table
    rows) or one entry. Threads: one at a time; `stop` may be called from any.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        streams: tuple[str, ...] = (),
        start: Start = None,
        *,
        timeout: float | None = None,
        wait: float | None = None,
        poll: float | None = None,
    ) -> None:
        self._start: Start = key_or_start(start)
        polling, self._wanted = Polling(poll, timeout), WantedStreams(streams)
        self._file: StreamFileView = open_when_there(path, wait, poll)
        super().__init__(self._file, polling)
        self._followed: list[FollowedStream] = []
        self._ready: list[tuple[int, int]] = []  # the key and number of those that may be given
        self._given: int | None = None  # of which stream the last entry was
        self._most = 0  # the greatest key that there was at the first of two looks
        self._losses: list[DamagedFile] = []  # what is wrong with streams, not told yet
        try:
            is_written = self._file.is_being_written
            self._find_streams()
            if not is_written:
                self._wanted.require_found(self._file)
        except BaseException:
            self._file.close()
            raise
        if self._start == "now":  # and of streams that come later, all is
            self._start = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def streams(self) -> list[str]:
        """The streams that are followed, as far as they are there."""
        return [followed.name for followed in self._followed]

    @property
    def lag(self) -> Lag:
        """How far this is behind what was written; once it is closed, as it was then."""
        with suppress(Closed):
            self._look_at_all()
        lags = [followed.lag for followed in self._followed]
        entries = sum(lag.entries for lag in lags)
        return Lag(entries, max((lag.seconds for lag in lags), default=0.0))

    @property
    def gaps(self) -> dict[str, list[Gap]]:
        """Between which keys frames are missing, by stream."""
        return {
            followed.name: followed.cursor.gaps
            for followed in self._followed
            if followed.cursor.view.is_regular
        }

    def close(self) -> None:
        """Stop, and give the file back. Closing twice is allowed."""
        self.stop()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> Entry:
        """Give the next entry, when it is there.

        Raises
        ------
        WriterDied
            If the writer ended without finishing the file, and everything that it wrote was given.
        NothingCame
            If nothing came within the timeout; ask again to go on waiting.
        KeyNotFound
            If the recording is finished, and has no stream of a name that was asked for.
        DamagedFile
            If an entry is not what was written; ask again for those after it. If a stream cannot
            be read any further, it is told when the others have nothing to give.
        """
        if self._file.raw.is_closed:
            raise Closed(f"{self.path} is followed no more: close() was called; follow it anew")
        if self._given is not None:
            self._make_ready(self._given)
            self._given = None
        if not self._ready and not self._is_stopped:
            self._wait()
        if self._is_stopped:
            raise StopIteration
        _, self._given = heappop(self._ready)
        return self._followed[self._given].give()

    def _is_finished(self) -> bool:
        if not super()._is_finished():
            return False
        self._wanted.require_found(self._file)
        return True

    def _where(self) -> str:
        there = ", ".join(map(repr, self.streams)) or "any stream"
        missing = ", ".join(map(repr, self._wanted.missing))
        return f"{there}{missing and f' (there is no {missing} yet)'}"

    def _look(self) -> bool:
        self._look_twice()
        if not self._ready and self._losses:
            raise self._losses.pop(0)
        return bool(self._ready)

    def _look_twice(self) -> None:
        """Look for new entries, and find out which of them may be given.

        Those that are seen at a first look; and of those that a second one shows, all whose key is
        no greater: for what was appended before something that the first look saw may have come to
        another stream just after that was looked at, or to one that was not there yet.
        """
        self._look_at_all()
        for followed in self._followed:
            followed.end = followed.cursor.end
        if not any(followed.head or followed.cursor.has_next for followed in self._followed):
            return
        ends = ((followed.cursor.view, followed.end) for followed in self._followed)
        self._most = max(view.key_of_row(end - 1) for view, end in ends if end)
        self._look_at_all()
        for number in range(len(self._followed)):
            self._make_ready(number)

    def _make_ready(self, number: int) -> None:
        """Have the next entry of a stream at hand, if it may be given by what the looks saw."""
        followed = self._followed[number]
        head = followed.take_head()
        if head is not None and (followed.row < followed.end or head[0] <= self._most):
            heappush(self._ready, (head[0], number))

    def _look_at_all(self) -> None:
        """Look for new streams, and for new entries of all."""
        self._find_streams()
        for followed in self._followed:
            if not followed.is_lost:
                try:
                    followed.cursor.look()
                except DamagedFile as error:
                    followed.is_lost = True
                    self._losses.append(error)

    def _find_streams(self) -> None:
        """Take in the streams that were created since the last look."""
        self._file.refresh()
        for name, view in self._wanted.new_ones(self._file):
            try:
                self._followed.append(FollowedStream(name, Cursor(view, self._start)))
            except DamagedFile as error:
                self._losses.append(error)
