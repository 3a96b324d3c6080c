"""One stream of a recording that is followed, and the entry of it that comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from longtake.errors import DamagedFile

if TYPE_CHECKING:
    from longtake.streams.cursor import Cursor, Lag


class Entry(NamedTuple):
    """What was appended to one of a recording's streams.

    Attributes
    ----------
    stream : str
        The name that the stream was asked for by; if none was, its own, as ``camera``, or as
        ``frame_stream/camera`` where streams of two kinds share it.
    key : int
        A timestamp or frame number.
    value : object
        What `DataStream.append`, `FrameStream.append` or `RecordStream.append` was given.
    """

    stream: str
    key: int
    value: Any


class FollowedStream:
    """One of the streams: how far it was read, and the entry that comes next."""

    def __init__(self, name: str, cursor: Cursor[Any]) -> None:
        self.name = name
        self.cursor = cursor
        #: The key of the entry that comes next, and its value, or why that cannot be read.
        self.head: tuple[int, Any] | None = None
        #: Up to which row of the index there were entries at the first of two looks.
        self.end = 0
        #: Whether nothing after what is known can be found.
        self.is_lost = False

    def take_head(self) -> tuple[int, Any] | None:
        """Have the next entry at hand, of those that are known; None if there is none."""
        if self.head is None:
            try:
                self.head = self.cursor.take()
            except DamagedFile as error:  # told in its turn
                self.head = (self.cursor.view.key_of_row(self.cursor.row - 1), error)
        return self.head

    def give(self) -> Entry:
        """Give the entry that is at hand, or raise what is wrong with it."""
        head, self.head = self.head, None
        if head is None:
            raise StopIteration
        key, value = head
        if isinstance(value, DamagedFile):
            raise value
        return Entry(self.name, key, value)

    @property
    def row(self) -> int:
        """The row of the index of the entry that comes next."""
        return self.cursor.row - (self.head is not None)

    @property
    def lag(self) -> Lag:
        """How far this is behind the file, as it was at the last look."""
        return self.cursor.lag_from(self.row)
