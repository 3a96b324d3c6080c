"""A data stream of a session, which goes into every recording that is made meanwhile."""

from __future__ import annotations

import threading
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from longtake.errors import Closed, InvalidArgument
from longtake.rig.backlog import EntryBacklog
from longtake.streams.attribute_log import checked, copied
from longtake.streams.entry_codec import encode_entry
from longtake.whole_number import integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from longtake.rig.rig_recording import RigRecording
    from longtake.streams import DataStream

    Place = tuple[RigRecording, DataStream]


class SessionStream:
    """Entries of any shape by timestamp, of a session. Made by `Session.create_data_stream`.

    Guarantees
    ----------
    When `append` returns, the entry is in the file of every recording that goes on. Without one,
    or once it has stopped, the entry is only remembered, for a recording that may begin in the
    past. Threads: any of them may append.

    Parameters
    ----------
    name : str
    attributes : dict
        What the stream has at the beginning of each recording.
    backlog_frames : int
        For how long entries are remembered.
    """

    def __init__(self, name: str, attributes: dict[str, object], backlog_frames: int) -> None:
        self.name = name
        self._attributes = attributes
        self._turn = threading.Lock()
        self._last: int | None = None
        self._partial: bytes | None = None  # the last entry, if not every recording took it
        self._is_stopped = False
        self._backlog = EntryBacklog(backlog_frames)
        self._into: list[Place] = []

    @property
    def attributes(self) -> dict[str, object]:
        """A copy of the attributes as they are now."""
        return deepcopy(self._attributes)

    def append(self, timestamp: int, data: Any) -> None:
        """Add an entry, under a timestamp greater than all before it.

        It goes into every recording that goes on. With none, also after the last one has stopped
        by itself, it is in no file: the session remembers it for its `backlog_seconds`, and it is
        gone unless a recording begins in that past.

        Parameters
        ----------
        timestamp : int
            Of the session's clock: see `Session.timestamp`.
        data
            As of `longtake.streams.DataStream.append`.

        Raises
        ------
        InvalidArgument, WrongType
            If the timestamp is not an integer or not greater, or comes before the start of a
            recording that goes on, or the data cannot be stored; nothing was stored.
        WriteFailed
            If the disk of a recording is full or broken. The others have the entry then, and to
            append it again, unchanged, is to add it where it is missing.
        Closed
            If the session is closed.
        """
        key = integer(timestamp, f"{self.name!r}: a timestamp")
        content = encode_entry(data)  # refused also where no recording would
        with self._turn:
            self._require_going()
            self._require_next(key, content)
            places, is_new = list(self._places_of(key)), key != self._last

            def add(recording: RigRecording, stream: DataStream) -> None:
                at = key - recording.start_timestamp
                if is_new or stream.last_key != at:  # else it has it already
                    stream.append(at, data)

            taken, failure = _each(places, add)
            if is_new and (taken or not failure):
                self._last = key
                self._backlog.add(key, content)
            self._partial = content if taken and failure else None
            if failure:
                if taken:
                    failure.add_note(
                        f"{self.name!r}: the entry at {key} is in {_paths(taken)}; append it "
                        "again, unchanged, to have it where it is missing"
                    )
                raise failure

    def set_attribute(self, name: str, value: object) -> None:
        """Set one attribute, in every recording that goes on and those to come."""
        self.update_attributes({name: value})

    def update_attributes(self, updates: Mapping[str, object]) -> None:
        """Set several attributes, in every recording that goes on and those to come.

        Raises
        ------
        InvalidArgument, WrongType
            If a value is not plain data, or all of them take more than HDF5 can hold; none was
            set then.
        WriteFailed
            If the disk of a recording is full or broken; the others have them, and they may be
            set again.
        Closed
            If the session is closed.
        """
        kept = copied(updates)
        with self._turn:
            self._require_going()
            checked(self._attributes | kept)
            taken, failure = _each(self._going(), lambda _, stream: stream.update_attributes(kept))
            if taken or not failure:
                self._attributes.update(kept)
            if failure:
                raise failure

    def stop(self) -> None:
        """Take nothing more, for the session is over."""
        with self._turn:
            self._is_stopped = True

    def require_kept(self, start: int) -> None:
        """Refuse to begin at a time since which entries were forgotten.

        Raises
        ------
        InvalidArgument
            If there were some; it says how to record without them.
        """
        with self._turn:
            self._require_kept(start)

    def join(self, recording: RigRecording, *, has_past: bool = False) -> None:
        """Be in a recording from now on; or from its start, which is in the past."""
        with self._turn:
            if any(known is recording for known, _ in self._into):
                return
            start, past = recording.start_timestamp, []
            if has_past:
                self._require_kept(start)
                past = list(self._backlog.since(start))
            stream = recording.create_data_stream(self.name, self._attributes)
            stream.append_many([key - start for key, _ in past], [value for _, value in past])
            self._into = [*self._going(), (recording, stream)]

    def _going(self) -> list[Place]:
        return [place for place in self._into if not place[0].has_stopped()]

    def _places_of(self, key: int) -> Iterator[Place]:
        for recording, stream in self._going():
            if key < recording.start_timestamp:
                raise InvalidArgument(
                    f"{self.name!r}: timestamp {key} comes before {recording.path} began, at "
                    f"{recording.start_timestamp}; nothing was stored"
                )
            yield recording, stream

    def _require_going(self) -> None:
        if self._is_stopped:
            raise Closed(f"the session is closed: nothing was stored in {self.name!r}")

    def _require_next(self, key: int, content: bytes) -> None:
        is_retry = key == self._last and content == self._partial
        if self._last is not None and key <= self._last and not is_retry:
            raise InvalidArgument(
                f"{self.name!r}: timestamp {key} does not come after the last one, "
                f"{self._last}: timestamps ascend; nothing was stored"
            )

    def _require_kept(self, start: int) -> None:
        forgotten = self._backlog.forgotten
        if forgotten is not None and forgotten >= start:
            raise InvalidArgument(
                f"{self.name!r}: its entries up to {forgotten} are no longer remembered, so they "
                f"would be missing in a recording from {start} on; begin later, or leave the "
                f"stream out: exclude_data_streams=[{self.name!r}]"
            )


def _each(
    places: Iterable[Place], act: Callable[[RigRecording, DataStream], None]
) -> tuple[list[RigRecording], BaseException | None]:
    """Act in each recording; give those where that went well, and what first went wrong."""
    done, failure = [], None
    for recording, stream in places:
        try:
            act(recording, stream)
        except Closed:  # it has stopped since
            continue
        except BaseException as error:  # the others are to have it all the same
            failure = failure or error
        else:
            done.append(recording)
    return done, failure


def _paths(recordings: list[RigRecording]) -> str:
    return ", ".join(str(recording.path) for recording in recordings)
