"""The streams of one file, to write or to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import h5py
import numpy as np

from longtake.errors import AlreadyExists, DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.hdf import GrowingDataset, LiveFile, Snapshot, layout
from longtake.hdf.attributes import read_attribute
from longtake.streams.columns import ColumnSet, index_dtype
from longtake.streams.provenance import provenance
from longtake.streams.record_stream import RecordStream
from longtake.streams.record_view import RecordStreamView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake.hdf.live_file import Durability
    from longtake.hdf.raw_file import RawFile

_RECORDS = "record_stream"
_INDEX_CHUNK = 2048
_COLUMN_CHUNK_BYTES = 256 * 1024
_LONGEST_NAME = 255
_KINDS = "biufS"


class StreamFile:
    """A file whose streams are written.

    Parameters
    ----------
    file : LiveFile
        Owned from now on. What a crash left in its streams is put right at once.
    """

    def __init__(self, file: LiveFile) -> None:
        self._file = file
        self.path = file.path
        self.record_streams: dict[str, RecordStream] = {}
        loaded: list[tuple[str, list[ColumnSet], dict[str, object]]] = []

        def look(h5: h5py.File) -> list[GrowingDataset]:
            loaded.extend(_load_all(file.raw, h5))
            return [d for _, sets, _ in loaded for columns in sets for d in columns.datasets]

        file.read(look)
        for name, sets, attributes in loaded:
            stream = RecordStream(name, sets, attributes, file, self._add_set)
            if not file.was_clean:
                stream.recover(file.synced_rows)
            else:
                stream.require_unblocked()
            self.record_streams[name] = stream

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

    def create_record_stream(
        self,
        name: str,
        columns: Mapping[str, np.dtype | str],
        attributes: Mapping[str, object] | None = None,
    ) -> RecordStream:
        """Add a stream of typed rows.

        Parameters
        ----------
        name : str
        columns : mapping of str to dtype
        attributes : mapping, optional
            Plain values to keep with the stream.
        """
        _require_name(name)
        if name in self.record_streams:
            raise AlreadyExists(f"{self.path} has a record stream {name!r} already")
        dtypes = {column: np.dtype(dtype) for column, dtype in columns.items()}
        for column, dtype in dtypes.items():
            _require_name(column)
            _require_storable(column, dtype)
        _require_links(f"{self.path}", len(self.record_streams) + 1)
        _require_links(f"{name!r}", len(dtypes) + 1)
        given = dict(attributes or {})
        made: list[ColumnSet] = []

        def edit(h5: h5py.File) -> list[GrowingDataset]:
            parent = layout.require_group(h5, _RECORDS)
            group = layout.create_group(parent, name, {"name": name, "application": given})
            made.append(_create_set(self._file.raw, group, "index", "timestamp", dtypes, 0))
            return made[0].datasets

        self._file.change(edit)
        stream = RecordStream(name, made, given, self._file, self._add_set)
        self.record_streams[name] = stream
        return stream

    @property
    def generation(self) -> int:
        """How many structure changes the file has seen."""
        return self._file.generation

    def _add_set(self, stream: str, dtypes: dict[str, np.dtype]) -> ColumnSet:
        """Add columns to a stream that has values already."""
        for column, dtype in dtypes.items():
            _require_name(column)
            _require_storable(column, dtype)
        made: list[ColumnSet] = []

        def edit(h5: h5py.File) -> list[GrowingDataset]:
            group = h5[f"{_RECORDS}/{stream}"]
            assert isinstance(group, h5py.Group)  # noqa: S101
            index = f"{next(iter(dtypes))}_index"
            _require_links(f"{stream!r}", len(group) + 1 + len(dtypes))
            taken = [name for name in (index, *dtypes) if name in group]
            taken += [index] if index in dtypes else []
            if taken:
                raise InvalidArgument(f"{stream!r} has a dataset {taken[0]!r} already")
            made.append(_create_set(self._file.raw, group, index, "row", dtypes, len(group)))
            return made[0].datasets

        self._file.change(edit)
        return made[0]

    def close(self) -> None:
        """Finish the file; what was appended stays as it is."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class StreamFileView:
    """A file whose streams are read, while anybody writes it."""

    def __init__(self, path: Path) -> None:
        self._snapshot = Snapshot(path)
        self.path = path
        try:
            self._generation = self._snapshot.applied_generation
            with self._snapshot.structure() as h5:
                self.record_streams = {
                    name: self._view(name, sets, attributes)
                    for name, sets, attributes in _load_all(self._snapshot.raw, h5)
                }
        except BaseException:
            self._snapshot.close()
            raise

    @property
    def is_being_written(self) -> bool:
        """Whether a writer holds the file at this moment."""
        return self._snapshot.is_being_written

    @property
    def was_closed(self) -> bool:
        """Whether the last writer finished the file; False also while one is writing."""
        return self._snapshot.was_closed

    def close(self) -> None:
        """Give the file back."""
        self._snapshot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _view(
        self, name: str, sets: list[ColumnSet], attributes: dict[str, object]
    ) -> RecordStreamView:
        view = RecordStreamView(name, sets, attributes)
        view.look_again = self._look_again
        return view

    def _look_again(self) -> bool:
        """After a structure change, learn where each stream's data are now."""
        if self._snapshot.generation == self._generation:
            return False
        generation = self._snapshot.applied_generation
        with self._snapshot.structure() as h5:
            for name, sets, attributes in _load_all(self._snapshot.raw, h5):
                if name in self.record_streams:
                    self.record_streams[name].adopt(sets)
                else:
                    self.record_streams[name] = self._view(name, sets, attributes)
        self._generation = generation
        return True


def _load_all(raw: RawFile, h5: h5py.File) -> list[tuple[str, list[ColumnSet], dict[str, object]]]:
    # Whether a name is there, and whether what it names can be opened, are two questions.
    if not h5.id.links.exists(_RECORDS.encode()):
        return []
    try:
        return [
            (name, _load_sets(raw, group), _application(group))
            for name, group in layout.members(layout.group_at(h5, _RECORDS))
            if isinstance(group, h5py.Group) and group.id.links.exists(b"index")
        ]
    except (OSError, RuntimeError, KeyError) as error:
        if isinstance(error, LongtakeError):
            raise
        raise DamagedFile(
            f"{raw.path} cannot be read ({error}): it is damaged, or was cut short in a copy"
        ) from error


def _application(group: h5py.Group) -> dict[str, object]:
    value = read_attribute(group, "application") if "application" in group.attrs else {}
    return value if isinstance(value, dict) else {}


def _load_sets(raw: RawFile, group: h5py.Group) -> list[ColumnSet]:
    """Give the sets of a stream's columns, in the order of their positions."""
    members: dict[str, list[tuple[int, str]]] = {}
    for name, dataset in layout.members(group):
        if isinstance(dataset, h5py.Dataset) and "index" in dataset.attrs:
            index = str(read_attribute(dataset, "index"))
            position = int(read_attribute(dataset, "position"))
            members.setdefault(index, []).append((position, name))
    if "index" not in members:
        members["index"] = []
    sets = sorted(members.items(), key=lambda item: (item[0] != "index", min(item[1], default=())))
    return [
        ColumnSet(
            GrowingDataset.of(raw, layout.dataset_at(group, index)),
            {n: GrowingDataset.of(raw, layout.dataset_at(group, n)) for _, n in sorted(columns)},
        )
        for index, columns in sets
    ]


def _create_set(
    raw: RawFile,
    group: h5py.Group,
    index: str,
    key_name: str,
    dtypes: Mapping[str, np.dtype],
    position: int,
) -> ColumnSet:
    rows = layout.create_table(
        group, index, index_dtype(key_name), rows=_INDEX_CHUNK, chunk_rows=_INDEX_CHUNK
    )
    columns = {}
    for i, (name, dtype) in enumerate(dtypes.items(), position):
        stored = dtype.newbyteorder("<")
        chunk = max(1, _COLUMN_CHUNK_BYTES // stored.itemsize)
        columns[name] = layout.create_column(
            group,
            name,
            stored,
            rows=chunk,
            chunk_rows=chunk,
            attributes={"index": index, "position": i},
        )
    return ColumnSet(
        GrowingDataset.of(raw, rows),
        {name: GrowingDataset.of(raw, column) for name, column in columns.items()},
    )


def _require_name(name: str) -> None:
    """Refuse names that HDF5 cannot hold, or that a stream needs itself."""
    if not isinstance(name, str) or not name or name in {".", "index"}:
        raise InvalidArgument(f"{name!r} cannot be the name of a stream or column")
    if "/" in name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise InvalidArgument(
            f"the name {name!r} cannot be stored: names have no '/' and no NUL, and at most "
            f"{_LONGEST_NAME} bytes"
        )


def _require_storable(column: str, dtype: np.dtype) -> None:
    if dtype.kind not in _KINDS or dtype.itemsize == 0:
        raise WrongType(
            f"column {column!r} cannot be of {dtype}: a column holds numbers, booleans, or bytes "
            "of a fixed length"
        )


def _require_links(where: str, count: int) -> None:
    """Refuse what would make HDF5 turn a group into the kind that live readers crash on."""
    if count > layout.MOST_LINKS:
        raise InvalidArgument(
            f"{where} would have {count} members, and a group of a file that is being written has "
            f"at most {layout.MOST_LINKS}"
        )
