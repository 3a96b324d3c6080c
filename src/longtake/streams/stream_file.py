"""The streams of one file, to write."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

import h5py

from longtake.errors import AlreadyExists, Closed, InvalidArgument, WrongType
from longtake.hdf import GrowingDataset, LiveFile, finished, layout
from longtake.hdf.attributes import write_attribute
from longtake.streams import stream_creation, stream_groups
from longtake.streams.attribute_log import AttributeLog, copied, updates_in
from longtake.streams.data_stream import DataStream
from longtake.streams.declared import declared_dtype, declared_shape
from longtake.streams.frame_stream import FrameStream
from longtake.streams.provenance import provenance
from longtake.streams.record_stream import RecordStream
from longtake.streams.stream_groups import CONTROL, KINDS, Kind, StoredStream
from longtake.streams.table_stream import TableStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from longtake.hdf.live_file import Durability
    from longtake.streams.columns import ColumnSet

    Stream = DataStream | FrameStream | RecordStream | TableStream


class StreamFile:
    """A file whose streams are written.

    Parameters
    ----------
    file : LiveFile
        Owned from now on. What a crash left in its streams is put right at once, and others are
        told that there will be more.

    Guarantees
    ----------
    Threads: any of them may create streams and append to them. A stream's name is given once.
    """

    def __init__(self, file: LiveFile) -> None:
        self._file = file
        self.path = file.path
        self._turn = threading.RLock()
        self._is_stopped = False
        self._control: DataStream | None = None
        self._log = AttributeLog(self._open_control)
        self._streams: dict[Kind, dict[str, Stream]] = {kind: {} for kind in KINDS}
        #: Attributes of the whole file that its user gave.
        self.application: dict[str, object] = {}
        self._load()

    @classmethod
    def create(
        cls,
        path: Path,
        attributes: Mapping[str, object] | None = None,
        *,
        durability: Durability = "process",
    ) -> Self:
        """Make a new file with these attributes at its root; the name must be free."""
        return cls(LiveFile.create(path, provenance() | dict(attributes or {}), durability))

    @classmethod
    def open(cls, path: Path, *, durability: Durability = "process") -> Self:
        """Write on in an existing file."""
        file = LiveFile.open(path, durability)
        try:
            return cls(file)
        except BaseException:
            file.abandon()  # to close is to cut off what was not found yet
            raise

    @classmethod
    def open_or_create(cls, path: Path, *, durability: Durability = "process") -> Self:
        """Write on in a file, or make it where there is none."""
        make = cls.open if path.exists() else cls.create
        return make(path, durability=durability)

    @property
    def data_streams(self) -> dict[str, DataStream]:
        """The streams of anything by timestamp."""
        return cast("dict[str, DataStream]", self._streams["data_stream"])

    @property
    def frame_streams(self) -> dict[str, FrameStream]:
        """The streams of arrays of one shape."""
        return cast("dict[str, FrameStream]", self._streams["frame_stream"])

    @property
    def record_streams(self) -> dict[str, RecordStream]:
        """The streams of typed rows."""
        return cast("dict[str, RecordStream]", self._streams["record_stream"])

    @property
    def generation(self) -> int:
        """How many structure changes the file has seen."""
        return self._file.generation

    @property
    def was_clean(self) -> bool:
        """Whether the file was closed by its last writer, not left by a crash."""
        return self._file.was_clean

    def create_data_stream(
        self, name: str, attributes: Mapping[str, object] | None = None
    ) -> DataStream:
        """Add a stream of anything by timestamp."""
        make = partial(stream_creation.create_entries, self._file.raw)
        return cast("DataStream", self._create("data_stream", name, attributes, make))

    def create_frame_stream(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        attributes: Mapping[str, object] | None = None,
        *,
        checksum: bool = True,
    ) -> FrameStream:
        """Add a stream of arrays of one shape and dtype."""
        sides, kind = declared_shape(name, shape), declared_dtype(name, dtype)
        stream_creation.require_frames(name, sides, kind)
        made = self._create(
            "frame_stream",
            name,
            attributes,
            lambda group: stream_creation.create_frames(self._file.raw, group, sides, kind),
            {} if checksum else {"checksum": False},
        )
        return cast("FrameStream", made)

    def create_record_stream(
        self,
        name: str,
        columns: Mapping[str, np.dtype | str],
        attributes: Mapping[str, object] | None = None,
    ) -> RecordStream:
        """Add a stream of typed rows, each column in a dataset of its own.

        Parameters
        ----------
        name : str
        columns : mapping of str to dtype
        attributes : mapping, optional
            Plain values to keep with the stream.
        """
        types = {column: declared_dtype(column, dtype) for column, dtype in columns.items()}
        _require_columns(name, types)

        def make(group: h5py.Group) -> ColumnSet:
            raw = self._file.raw
            return stream_creation.create_columns(raw, group, "index", "timestamp", types, 0)

        return cast("RecordStream", self._create("record_stream", name, attributes, make))

    def create_table_stream(
        self,
        name: str,
        dtype: Any,
        attributes: Mapping[str, object] | None = None,
        *,
        row_shape: tuple[int, ...] = (),
        link: str | None = None,
    ) -> TableStream:
        """Add a stream of rows of one dtype and shape, in one dataset.

        Its data are also found by the name `link` at the root, if that is given.
        """
        kind = declared_dtype(name, dtype)
        stream_creation.require_rows(name, kind, row_shape)

        def make(group: h5py.Group) -> ColumnSet:
            if link is not None:
                group.file[link] = h5py.SoftLink(f"{group.name}/data")
            return stream_creation.create_rows(self._file.raw, group, kind, row_shape)

        made = self._create("record_stream", name, attributes, make, {"table": True})
        return cast("TableStream", made)

    def update_attributes(self, updates: Mapping[str, object]) -> None:
        """Set attributes of the whole file; others see them when this returns."""
        self._log.update("/", self.application, updates)

    def close(self, attributes: Mapping[str, object] | None = None) -> None:
        """Finish the file, with these attributes at its root; what was appended stays as it is."""
        with self._turn:  # not longer: what is under way may need its turn
            self._is_stopped = True
        try:
            for streams in self._streams.values():
                for stream in streams.values():
                    stream.stop()
            self._log.stop()
        except BaseException:
            self._file.abandon()  # what a stream still owes is put right by the next `open`
            raise
        try:
            if self._file.is_open:
                self._log.fold(self._file)
                if attributes:
                    self._file.change(partial(_write_attributes, attributes))
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _create(
        self,
        kind: Kind,
        name: str,
        attributes: Mapping[str, object] | None,
        make: Callable[[h5py.Group], ColumnSet],
        marks: Mapping[str, object] | None = None,
    ) -> Stream:
        stream_creation.require_name(name)
        given = copied(attributes)
        with self._turn:
            if self._is_stopped:
                raise Closed(f"{self.path} was closed: {name!r} was not created")
            known = self._streams[kind]
            if name in known:
                raise AlreadyExists(f"{self.path} has a {kind.replace('_', ' ')} {name!r} already")
            stream_creation.require_links(f"{self.path}", len(known) + 1)
            made: list[ColumnSet] = []

            def edit(h5: h5py.File) -> list[GrowingDataset]:
                parent = layout.require_group(h5, kind)
                values = {"name": name, "application": given} | dict(marks or {})
                made.append(make(layout.create_group(parent, name, values)))
                return made[0].datasets

            self._file.change(edit)
            stream = self._stream(StoredStream(kind, name, made, given, dict(marks or {})))
            known[name] = stream
            return stream

    def _stream(self, stored: StoredStream) -> Stream:
        given = (stored.name, stored.sets, stored.application, self._file, self._log)
        if stored.kind == "data_stream":
            return DataStream(*given)
        if stored.kind == "frame_stream":
            return FrameStream(*given, is_checked=stored.is_checked)
        if stored.is_table:
            return TableStream(*given)
        return RecordStream(*given, self._add_set)

    def _load(self) -> None:
        found: list[StoredStream] = []
        control: list[ColumnSet] = []
        was_finished: list[bool] = []

        def look(h5: h5py.File) -> list[GrowingDataset]:
            was_finished.append(finished.is_told(h5))
            found.extend(stream_groups.stored_streams(self._file.raw, h5))
            control.extend(stream_groups.control_sets(self._file.raw, h5))
            self.application = stream_groups.application_of(h5)
            sets = [columns for stored in found for columns in stored.sets] + control
            return [dataset for columns in sets for dataset in columns.datasets]

        self._file.read(look)
        for stored in found:
            self._streams[stored.kind][stored.name] = self._ready(self._stream(stored))
        if control:
            log: DataStream = self._ready(DataStream(CONTROL, control, {}, self._file, self._log))
            self._control = log
            self._replay(log)
        if was_finished[0]:
            self._file.change(_take_back)

    def _ready(self, stream: Any) -> Any:
        if self._file.was_clean:
            stream.require_unblocked()
        else:
            stream.recover(self._file.synced_rows)
        if isinstance(stream, FrameStream):
            stream.complete_keys()
        return stream

    def _replay(self, control: DataStream) -> None:
        nodes = {"/": self.application}
        for streams in self._streams.values():
            nodes |= {stream.group: stream.application for stream in streams.values()}
        for node, updates in updates_in(control, 0):
            if node in nodes:
                nodes[node].update(updates)
                self._log.updated[node] = nodes[node]

    def _open_control(self) -> DataStream:
        with self._turn:
            if self._control is None:
                made: list[ColumnSet] = []

                def edit(h5: h5py.File) -> list[GrowingDataset]:
                    group = layout.group_at(h5, CONTROL)
                    made.append(stream_creation.create_entries(self._file.raw, group))
                    return made[0].datasets

                self._file.change(edit)
                self._control = DataStream(CONTROL, made, {}, self._file, self._log)
            return self._control

    def _add_set(self, stream: str, dtypes: dict[str, np.dtype]) -> ColumnSet:
        """Add columns to a record stream that has values already."""
        for column, dtype in dtypes.items():
            stream_creation.require_name(column)
            stream_creation.require_storable(column, dtype)
        made: list[ColumnSet] = []

        def edit(h5: h5py.File) -> list[GrowingDataset]:
            group = layout.group_at(h5, f"record_stream/{stream}")
            index = _free_name(group, f"{next(iter(dtypes))}_index", dtypes)
            stream_creation.require_links(f"{stream!r}", len(group) + 1 + len(dtypes))
            taken = [name for name in dtypes if name in group]
            if taken:
                raise InvalidArgument(f"{stream!r} has a dataset {taken[0]!r} already")
            made.append(
                stream_creation.create_columns(
                    self._file.raw, group, index, "row", dtypes, len(group)
                )
            )
            return made[0].datasets

        self._file.change(edit)
        return made[0]


def _take_back(h5: h5py.File) -> list[GrowingDataset]:
    finished.take_back(h5)
    return []


def _write_attributes(attributes: Mapping[str, object], h5: h5py.File) -> list[GrowingDataset]:
    for name, value in attributes.items():
        write_attribute(h5, name, value)
    return []


def _free_name(group: h5py.Group, wanted: str, others: Mapping[str, object]) -> str:
    """Give an index a name that neither a dataset of the group nor a new column has."""
    name, number = wanted, 2
    while name in group or name in others:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _require_columns(name: str, types: Mapping[str, np.dtype]) -> None:
    for column, dtype in types.items():
        stream_creation.require_name(column)
        stream_creation.require_storable(column, dtype)
        if dtype.subdtype:
            raise WrongType(f"column {column!r} of {name!r}: {dtype} is not one value a row")
    stream_creation.require_links(f"{name!r}", len(types) + 1)
