"""A data stream of a session, which goes into every recording that is made meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from longtake.errors import InvalidArgument
from longtake.streams.attribute_log import checked
from longtake.streams.entry_codec import encode_entry
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longtake.rig.rig_recording import RigRecording
    from longtake.streams import DataStream


class SessionStream:
    """Entries of any shape by timestamp, of a session. Made by `Session.create_data_stream`.

    Guarantees
    ----------
    When `append` returns, the entry is in the file of every recording that goes on. Without one
    it goes nowhere. Threads: any of them may append.

    Parameters
    ----------
    name : str
    attributes : dict
        What the stream has at the beginning of each recording.
    """

    def __init__(self, name: str, attributes: dict[str, object]) -> None:
        self.name = name
        self._attributes = attributes
        self._turn = threading.Lock()
        self._last: int | None = None
        self._into: list[tuple[RigRecording, DataStream]] = []

    @property
    def attributes(self) -> dict[str, object]:
        """A copy of the attributes as they are now."""
        return dict(self._attributes)

    def append(self, timestamp: int, data: Any) -> None:
        """Add an entry, under a timestamp greater than all before it.

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
            If the disk is full or broken.
        """
        key = whole_number(timestamp, f"{self.name!r}: a timestamp")
        encode_entry(data)  # refused also where no recording would
        with self._turn:
            if self._last is not None and key <= self._last:
                raise InvalidArgument(
                    f"{self.name!r}: timestamp {key} does not come after the last one, "
                    f"{self._last}: timestamps ascend; nothing was stored"
                )
            going = [(rec, stream) for rec, stream in self._into if not rec.has_stopped()]
            for recording, _ in going:
                if key < recording.start_timestamp:
                    raise InvalidArgument(
                        f"{self.name!r}: timestamp {key} comes before {recording.path} began, at "
                        f"{recording.start_timestamp}; nothing was stored"
                    )
            for recording, stream in going:
                stream.append(key - recording.start_timestamp, data)
            self._last = key

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
        """
        with self._turn:
            checked(self._attributes | dict(updates))
            for recording, stream in self._into:
                if not recording.has_stopped():
                    stream.update_attributes(updates)
            self._attributes.update(updates)

    def join(self, recording: RigRecording, create: Callable[..., DataStream]) -> None:
        """Be in a recording from now on."""
        with self._turn:
            self._into = [item for item in self._into if not item[0].has_stopped()]
            self._into.append((recording, create(self.name, self._attributes)))
