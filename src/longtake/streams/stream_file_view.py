"""The streams of one file, to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from longtake.hdf import Snapshot
from longtake.streams import stream_groups
from longtake.streams.attribute_log import updates_in
from longtake.streams.data_view import DataStreamView
from longtake.streams.frame_view import FrameStreamView
from longtake.streams.record_view import RecordStreamView
from longtake.streams.stream_groups import CONTROL, KINDS, Kind, StoredStream
from longtake.streams.table_view import TableStreamView

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

    View = DataStreamView | FrameStreamView | RecordStreamView | TableStreamView


class StreamFileView:
    """A file whose streams are read, while anybody writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot = Snapshot(path)
        self._streams: dict[Kind, dict[str, View]] = {kind: {} for kind in KINDS}
        self._control: DataStreamView | None = None
        self._updates = 0  # of attributes, taken in
        #: Attributes of the whole file that its user gave.
        self.application: dict[str, object] = {}
        self._generation = -1
        try:
            self.refresh()
        except BaseException:
            self._snapshot.close()
            raise

    @property
    def data_streams(self) -> dict[str, DataStreamView]:
        """The streams of anything by timestamp."""
        return cast("dict[str, DataStreamView]", self._streams["data_stream"])

    @property
    def frame_streams(self) -> dict[str, FrameStreamView]:
        """The streams of arrays of one shape."""
        return cast("dict[str, FrameStreamView]", self._streams["frame_stream"])

    @property
    def record_streams(self) -> dict[str, RecordStreamView]:
        """The streams of typed rows."""
        return cast("dict[str, RecordStreamView]", self._streams["record_stream"])

    @property
    def is_being_written(self) -> bool:
        """Whether a writer holds the file at this moment."""
        return self._snapshot.is_being_written

    @property
    def was_closed(self) -> bool:
        """Whether the last writer closed the file; False also while one is writing."""
        return self._snapshot.was_closed

    @property
    def generation(self) -> int:
        """How many structure changes the file has seen, as far as they were taken in."""
        return self._generation

    def structure(self) -> h5py.File:
        """Open the file's present structure with h5py; close it soon, it does not follow."""
        return self._snapshot.structure()

    def refresh(self) -> bool:
        """Learn of new streams, of where each one's data are now, and of updated attributes.

        Gives whether the structure had changed.
        """
        has_changed = self._snapshot.generation != self._generation
        if has_changed:
            generation = self._snapshot.applied_generation
            with self._snapshot.structure() as h5:
                self._take_in(h5)
            self._generation = generation
        self._take_in_updates()
        return has_changed

    def close(self) -> None:
        """Give the file back."""
        self._snapshot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_in(self, h5: h5py.File) -> None:
        raw = self._snapshot.raw
        for stored in stream_groups.stored_streams(raw, h5):
            known = self._streams[stored.kind]
            if stored.name in known:
                cast("Any", known[stored.name]).adopt(stored.sets)
            else:
                known[stored.name] = _view(stored)
                known[stored.name].look_again = self.refresh
        if not self._updates:
            self.application.update(stream_groups.application_of(h5))
        control = stream_groups.control_sets(raw, h5)
        if not control:
            return
        if self._control is None:
            self._control = DataStreamView(CONTROL, control, {})
        else:
            self._control.adopt(control)

    def _take_in_updates(self) -> None:
        if self._control is None:
            return
        self._control.take_in()
        nodes = {"/": self.application}
        for streams in self._streams.values():
            nodes |= {stream.group: stream.application for stream in streams.values()}
        for node, updates in updates_in(self._control, self._updates):
            self._updates += 1
            if node in nodes:
                nodes[node].update(updates)


def _view(stored: StoredStream) -> View:
    given = (stored.name, stored.sets, stored.application)
    if stored.kind == "data_stream":
        return DataStreamView(*given)
    if stored.kind == "frame_stream":
        return FrameStreamView(*given)
    if stored.is_table:
        return TableStreamView(*given)
    return RecordStreamView(*given)
