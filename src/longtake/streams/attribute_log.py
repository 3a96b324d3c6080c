"""Attributes that change while a file is written: updates, in order, as entries of a stream.

HDF5's own attributes cannot be altered while others read the file: that moves other parts of the
object's header. So each update is an entry of the data stream ``/control``: visible at once, safe
when its write returns. When the file is closed the final values become HDF5 attributes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from longtake.errors import Closed, DamagedFile, InvalidArgument, WrongType
from longtake.hdf import layout
from longtake.hdf.attributes import write_attribute
from longtake.hdf.journal import SlotOverflow
from longtake.hdf.plain import encode_plain
from longtake.hdf.plain_decode import decode_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import h5py

    from longtake.hdf import GrowingDataset, LiveFile
    from longtake.streams.data_stream import DataStream
    from longtake.streams.data_view import DataStreamView

#: So many nodes' attributes are made in one structure change, if they are small.
_TOGETHER = 16
#: HDF5 keeps at most 64 KiB in an object's header.
_MOST_BYTES = 60_000


class AttributeLog:
    """Writes updates, and remembers which nodes have some.

    Parameters
    ----------
    open_stream : callable
        Gives the stream of updates; called when the first is written.
    """

    def __init__(self, open_stream: Callable[[], DataStream]) -> None:
        self._open_stream = open_stream
        self._turn = threading.Lock()
        self._is_stopped = False
        #: The application attributes of the nodes (by path) that were updated.
        self.updated: dict[str, dict[str, object]] = {}

    def update(
        self, node: str, application: dict[str, object], updates: Mapping[str, object]
    ) -> None:
        """Store updates of a node's application attributes, then make them in `application`."""
        content = checked(updates)
        if not updates:
            return
        kept: dict[str, object] = decode_plain(content)
        with self._turn:
            if self._is_stopped:
                raise Closed(f"the file was closed: no attribute of {node} was set")
            checked(application | kept)
            stream = self._open_stream()
            stream.append((stream.last_key or 0) + 1, {"node": node, "application": content})
            application.update(kept)
            self.updated[node] = application

    def stop(self) -> None:
        """Take nothing more; waits for what is under way."""
        with self._turn:
            self._is_stopped = True

    def fold(self, file: LiveFile) -> None:
        """Make HDF5 attributes of what was updated."""
        nodes = list(self.updated)
        for first in range(0, len(nodes), _TOGETHER):
            self._fold(file, nodes[first : first + _TOGETHER])

    def _fold(self, file: LiveFile, nodes: list[str]) -> None:
        def write(h5: h5py.File) -> list[GrowingDataset]:
            for node in nodes:
                write_attribute(layout.group_at(h5, node), "application", self.updated[node])
            return []

        try:
            file.change(write)
        except SlotOverflow:
            if len(nodes) == 1:
                raise
            self._fold(file, nodes[: len(nodes) // 2])
            self._fold(file, nodes[len(nodes) // 2 :])


def copied(attributes: Mapping[str, object] | None) -> dict[str, object]:
    """Give attributes as they will be read, apart from what their user does to them later.

    Raises
    ------
    InvalidArgument, WrongType
        As of `checked`.
    """
    return decode_plain(checked({} if attributes is None else attributes))


def checked(attributes: Mapping[str, object]) -> bytes:
    """Give attributes as bytes of plain data, or say why they cannot be kept.

    Raises
    ------
    InvalidArgument, WrongType
        If a name is not text, a value not plain, or all of it too large for HDF5.
    """
    if not isinstance(attributes, Mapping):
        raise WrongType(f"attributes are a dict of values by name, not {attributes!r}")
    for name in attributes:
        if not isinstance(name, str) or not name:
            raise InvalidArgument(f"an attribute's name is text, not {name!r}")
    for name, value in attributes.items():
        try:
            encode_plain(value)
        except (InvalidArgument, TypeError) as error:
            raise type(error)(f"attribute {name!r}: {error}") from None
    content = encode_plain(dict(attributes))
    if len(content) > _MOST_BYTES:
        raise InvalidArgument(
            f"the attributes take {len(content)} bytes, and HDF5 holds {_MOST_BYTES}: keep what is "
            "large as an entry of a data stream"
        )
    return content


def updates_in(stream: DataStreamView, first: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the (node, updates) from position `first` on."""
    for number, entry in enumerate(stream.iloc[first:], first):
        where = f"update {number} of attributes, in {stream.group}, cannot be read"
        try:
            node, updates = entry["node"], decode_plain(entry["application"])
        except (TypeError, KeyError, ValueError) as error:
            raise DamagedFile(f"{where}: {error}") from error
        if not isinstance(node, str) or not isinstance(updates, dict):
            raise DamagedFile(f"{where}: it is of {type(node)} and {type(updates)}")
        yield node, updates
