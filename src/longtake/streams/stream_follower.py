"""Following one stream while it is written."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic

from longtake.errors import Closed, InvalidArgument, LongtakeError
from longtake.streams.cursor import Cursor, Lag, Start, V, key_or_start
from longtake.streams.following import Following
from longtake.streams.polling import Polling
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from longtake.streams.gaps import Gap
    from longtake.streams.stream_view import StreamView


class StreamFollower(Following, Generic[V]):
    """Gives the entries of a stream as they are written: what `StreamView.follow` gives.

    Iterating ends when the writer has finished and everything was given.

    Attributes
    ----------
    lag : Lag
        The entries that are there and were not given yet, and for how many seconds.
    gaps : list of Gap
        Of frames: between which keys some are missing, among those given; the last hundred.
    missing : int
        How many in all.

    Guarantees
    ----------
    Order: as they were appended. Loss: none; each entry once. Memory: that of a block of entries,
    at most 4 MiB (16 MiB of table rows) or one entry, however long the stream. Threads: one, which
    need not be the one that made it; `stop` may be called from any.
    """

    def __init__(
        self,
        view: StreamView[V],
        start: Start = None,
        *,
        timeout: float | None = None,
        poll: float | None = None,
    ) -> None:
        if view.file is None:
            raise InvalidArgument(
                f"{view.name!r} is being written by this object: follow it in what "
                "recording.open() gives, in this process or another"
            )
        super().__init__(view.file, Polling(poll, timeout))
        self._cursor = Cursor(view, key_or_start(start))

    @property
    def lag(self) -> Lag:
        """How far this is behind what was written; once the file is closed, as it was then."""
        with suppress(Closed):
            self._look()
        return self._cursor.lag_from(self._cursor.row)

    @property
    def gaps(self) -> list[Gap]:
        """Between which keys frames are missing, of those given so far: the last hundred places."""
        return self._cursor.gaps

    @property
    def missing(self) -> int:
        """How many frames are missing, of those given so far, as their keys tell."""
        return self._cursor.missing

    def __next__(self) -> Any:
        """Give the next entry, when it is there.

        Raises
        ------
        WriterDied
            If the writer ended without finishing the file, and everything that it wrote was given.
        NothingCame
            If nothing came within the timeout; ask again to go on waiting.
        DamagedFile
            If the entry is not what was written; ask again for those after it.
        """
        while not self._is_stopped:
            entry = self._cursor.take()
            if entry is not None:
                return entry
            self._wait()
        raise StopIteration

    def _look(self) -> bool:
        self._file.refresh()
        return self._cursor.look()

    def _where(self) -> str:
        return f"{self._cursor.view.name!r}, after {self._cursor.row} entries"


class BatchFollower(StreamFollower[V]):
    """Gives lists of the entries that are there, as soon as there is one.

    Parameters
    ----------
    batch : int
        The most to give at once.
    """

    def __init__(self, view: StreamView[V], start: Start, batch: int, **given: Any) -> None:
        self._batch = whole_number(batch, "batch", least=1)
        self._taken: list[tuple[int, V]] = []  # more than none, if it was interrupted
        self._kept: LongtakeError | None = None  # what is told after the entries before it
        super().__init__(view, start, **given)

    def __next__(self) -> list[tuple[int, V]]:
        """Give the next entries, when there are any; raises as `StreamFollower` does."""
        kept, self._kept = self._kept, None
        if kept is not None:
            raise kept
        taken = self._taken or [super().__next__()]
        self._taken = taken
        try:
            self._cursor.look()
            while len(taken) < self._batch and (entry := self._cursor.take()) is not None:
                taken.append(entry)
        except LongtakeError as error:
            self._kept = error
        self._taken = []
        return taken
