"""The streams of one file, to read."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from longtake.errors import DamagedFile, LongtakeError, NotALongtakeFile
from longtake.hdf import Snapshot, journal, layout
from longtake.hdf.attributes import read_attribute
from longtake.hdf.plain_file import open_to_read
from longtake.streams import stream_groups
from longtake.streams.attribute_log import updates_in
from longtake.streams.damaged_view import DamagedStreamView
from longtake.streams.data_view import DataStreamView
from longtake.streams.end_of_writing import is_replaced
from longtake.streams.frame_view import FrameStreamView
from longtake.streams.record_view import RecordStreamView
from longtake.streams.stream_groups import CONTROL, KINDS, Kind, StoredStream
from longtake.streams.table_view import TableStreamView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import h5py

    from longtake.hdf import GrowingDataset
    from longtake.hdf.plain_file import PlainFile
    from longtake.hdf.raw_file import RawFile
    from longtake.hdf.structure import Structure
    from longtake.streams.columns import ColumnSet

    Looked = Structure | PlainFile
    View = DataStreamView | FrameStreamView | RecordStreamView | TableStreamView

_LOOKS = 10


class StreamFileView:
    """A file whose streams are read, while anybody writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot = open_to_read(path)
        self._streams: dict[Kind, dict[str, View]] = {kind: {} for kind in KINDS}
        self._control: DataStreamView | None = None
        self._updates = 0  # of attributes, taken in
        # By node: it may be of a stream that was made after the structure was looked at.
        self._updated: dict[str, dict[str, object]] = {}
        #: Attributes of the whole file that its user gave.
        self.application: dict[str, object] = {}
        #: Why those cannot be read.
        self.attribute_error: LongtakeError | None = None
        #: What of the file, by path, cannot be read; the rest can.
        self.damaged: dict[str, LongtakeError] = {}
        self._updates_lost: LongtakeError | None = None
        self._generation = self._applied = -1
        self._grown: dict[str, int] = {}  # which change each stream has seen, by its group
        self._looking = threading.RLock()
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
    def streams(self) -> list[tuple[Kind, View]]:
        """All streams, each with its kind."""
        return [(kind, stream) for kind in KINDS for stream in self._streams[kind].values()]

    @property
    def datasets(self) -> list[GrowingDataset]:
        """What is appended to: the datasets of all streams, and of the updates of attributes.

        Raises
        ------
        DamagedFile
            If a stream cannot be read.
        """
        streams: list[Any] = [stream for _, stream in self.streams]
        streams += [self._control] if self._control is not None else []
        for stream in streams:
            stream.look()
        return [dataset for stream in streams for dataset in stream.datasets]

    @property
    def raw(self) -> RawFile:
        """The open file."""
        return self._snapshot.raw

    @property
    def is_being_written(self) -> bool:
        """Whether a writer holds the file at this moment."""
        return self._snapshot.is_being_written

    @property
    def was_closed(self) -> bool:
        """Whether the last writer closed the file; False also while one is writing."""
        return self._snapshot.was_closed

    @property
    def was_finished(self) -> bool:
        """Whether the last writer finished it: closed it, and does not say that it goes on.

        A recording whose writer dies before anything was made in it looks closed, but says so; and
        one that an exception ended says that it was aborted.
        """
        if not self.was_closed:
            return False
        try:
            with self._snapshot.look() as structure:
                return read_attribute(structure.h5, "state") not in {"recording", "aborted"}
        except (LongtakeError, *stream_groups.UNREADABLE):  # there is none, or it does not tell
            return True

    @property
    def is_replaced(self) -> bool:
        """Whether another file has its name now, or none has."""
        return is_replaced(self.path, self.raw.fd)

    @property
    def generation(self) -> int:
        """How many structure changes the file has seen, as far as they were taken in."""
        return self._generation

    @property
    def has_updates(self) -> bool:
        """Whether attributes were changed after their node was made."""
        return self._updates > 0

    def structure(self) -> h5py.File:
        """Open the file's present structure with h5py; close it soon, it does not follow."""
        return self._snapshot.structure()

    def refresh(self) -> bool:
        """Learn of new streams, and of updated attributes.

        Gives whether the structure had changed. Where the data of a stream are now, the stream
        finds out itself when it needs to.
        """
        with self._looking:
            has_changed = self._snapshot.generation != self._generation
            if has_changed:
                self._generation = self._look_over(self._take_in)
            self._take_in_updates()
            return has_changed

    def _look_over(self, take_in: Callable[[Looked], None]) -> int:
        """Look until the structure holds still, or what is seen of it is whole.

        A writer that changes it meanwhile can make a part of it look damaged. Gives the number of
        the change that was seen last.
        """
        for left in reversed(range(_LOOKS)):
            self._applied = self._snapshot.applied_generation
            try:
                with self._snapshot.look() as structure:
                    take_in(structure)
            except stream_groups.UNREADABLE as error:
                if left and self._snapshot.generation != self._applied:
                    continue
                raise stream_groups.unreadable(self._snapshot.raw, error) from error
            if not self.damaged or self._snapshot.generation == self._applied:
                break
        return self._applied

    def _grow(self, stream: View) -> bool:
        """Learn of the room that a stream was given; says whether there may be some."""
        with self._looking:
            if self._snapshot.generation == self._grown[stream.group]:
                return False

            self._grown[stream.group] = self._look_over(partial(self._find_grown, stream))
            return True

    def _find_grown(self, stream: View, structure: Looked) -> None:
        """Learn where the data of a stream are now."""
        dataset_of: Callable[..., GrowingDataset] = structure.dataset
        if journal.writer_of(self._applied) != journal.writer_of(self._grown[stream.group]):
            # Another writer may have put elsewhere what was allocated ahead.
            dataset_of = lambda dataset, _: structure.dataset(dataset)  # noqa: E731
        group = layout.group_at(structure.h5, stream.group)
        cast("Any", stream).adopt(stream_groups.grown_sets(group, stream.sets, dataset_of))

    def close(self) -> None:
        """Give the file back."""
        self._snapshot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_in(self, structure: Looked) -> None:
        raw, h5 = self._snapshot.raw, structure.h5
        self._require_recording(h5)
        self.damaged = {}
        if journal.writer_of(self._applied) != journal.writer_of(self._generation):
            self._find_again(structure)
        for kind in KINDS:
            for name in self._new_names(h5, kind):
                self._take_in_stream(structure, kind, name)
        if self._generation < 0 and not self._updates:
            self._take_in_application(h5)
        try:
            if self._control is None:
                self._take_in_control(stream_groups.control_sets(raw, h5, structure.dataset))
        except DamagedFile as error:
            self._lose_attributes(error)
            return
        self._regain_attributes()

    def _find_again(self, structure: Looked) -> None:
        """Learn where the data of all streams are, when another writer has come."""
        control = [] if self._control is None else [self._control]
        for stream in (*(stream for _, stream in self.streams), *control):
            if isinstance(stream, DamagedStreamView):
                continue
            try:
                self._find_grown(stream, structure)
                self._grown[stream.group] = self._applied
            except stream_groups.UNREADABLE as error:  # what was read of it stays readable
                self.damaged[stream.group] = stream_groups.unreadable(self._snapshot.raw, error)

    def _take_in_control(self, sets: list[ColumnSet]) -> None:
        if sets:
            self._control = DataStreamView(CONTROL, sets, {})
            self._adopt(self._control)

    def _adopt(self, made: View) -> None:
        """Let a stream find its data in this file."""
        made.grow = partial(self._grow, made)
        made.has_moved = lambda: self._snapshot.has_moved(self._grown[made.group])
        made.looking = self._looking
        made.file = self
        self._grown[made.group] = self._applied

    def _require_recording(self, h5: h5py.File) -> None:
        if isinstance(self._snapshot, Snapshot):
            return
        known = ("longtake_version", "file_format")
        if not any(kind in h5 for kind in KINDS) and not any(name in h5.attrs for name in known):
            raise NotALongtakeFile(
                f"{self.path} was not made by longtake: it is an HDF5 file without streams; give "
                "the name of a recording"
            )

    def _new_names(self, h5: h5py.File, kind: Kind) -> list[str]:
        """Give the streams that are not known, or could not be read at the last look."""
        streams = self._streams[kind].items()
        known = {name for name, view in streams if not isinstance(view, DamagedStreamView)}
        try:
            return stream_groups.stream_names(self._snapshot.raw, h5, kind, known)
        except DamagedFile as error:
            self.damaged[f"/{kind}"] = error
            return []

    def _take_in_stream(self, structure: Looked, kind: Kind, name: str) -> None:
        known = self._streams[kind]
        given = (self._snapshot.raw, structure.h5, kind, name, structure.dataset)
        try:
            stored = stream_groups.stored_stream(*given)
        except DamagedFile as error:
            path = f"/{kind}/{name}"
            self.damaged[path] = error
            known[name] = cast("Any", DamagedStreamView(name, path, error))
            return
        known[name] = made = _view(stored)
        made.attribute_error = stored.attribute_error
        made.look_again = self.refresh
        self._adopt(made)
        made.application.update(self._updated.get(made.group, {}))

    def _take_in_application(self, h5: h5py.File) -> None:
        try:
            self.application.update(stream_groups.application_of(h5))
        except (*stream_groups.UNREADABLE, LongtakeError) as error:
            self.attribute_error = stream_groups.unreadable(self._snapshot.raw, error)

    def _take_in_updates(self) -> None:
        if self._control is None:
            return
        try:
            if self._control.look() == self._updates:
                return
        except DamagedFile as error:
            self._lose_attributes(error)
            return
        nodes = {"/": self.application}
        for streams in self._streams.values():
            nodes |= {stream.group: stream.application for stream in streams.values()}
        try:
            for node, updates in updates_in(self._control, self._updates):
                self._updates += 1
                self._updated.setdefault(node, {}).update(updates)
                if node in nodes:
                    nodes[node].update(updates)
        except DamagedFile as error:
            self._lose_attributes(error)

    def _lose_attributes(self, error: LongtakeError) -> None:
        """Say so wherever attributes are asked for: an update of them cannot be read."""
        self.damaged[f"/{CONTROL}"] = self._updates_lost = error
        for owner in self._with_attributes():
            owner.attribute_error = error

    def _regain_attributes(self) -> None:
        """What an earlier look could not read, for the writer was at it, this one could."""
        lost, self._updates_lost = self._updates_lost, None
        for owner in self._with_attributes() if lost is not None else ():
            if owner.attribute_error is lost:
                owner.attribute_error = None

    def _with_attributes(self) -> list[Any]:
        return [self, *(stream for _, stream in self.streams)]


def _view(stored: StoredStream) -> View:
    given = (stored.name, stored.sets, stored.application)
    if stored.kind == "data_stream":
        return DataStreamView(*given)
    if stored.kind == "frame_stream":
        return FrameStreamView(*given)
    if stored.is_table:
        return TableStreamView(*given)
    return RecordStreamView(*given)
