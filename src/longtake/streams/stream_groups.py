"""Finding the streams of a file: ``/<kind>/<name>/index``, and the data beside it."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import h5py
import numpy as np
from h5py import h5l  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, LongtakeError
from longtake.hdf import GrowingDataset, layout
from longtake.hdf.attributes import read_attribute
from longtake.streams import unchecked_index
from longtake.streams.columns import ColumnSet, index_dtype
from longtake.streams.frame_keys import KEY, are_keys
from longtake.streams.plausible import require_plausible_data, require_plausible_index

if TYPE_CHECKING:
    from longtake.hdf.raw_file import RawFile

Kind = Literal["data_stream", "frame_stream", "record_stream"]
KINDS: tuple[Kind, ...] = ("data_stream", "frame_stream", "record_stream")
#: The group of the file's own stream, of attribute updates.
CONTROL = "control"

_MARKS = ("checksum", "table")
#: What h5py raises where HDF5 cannot make sense of a file.
UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError, DamagedFile)

#: Gives the rows of an open dataset, however the file is read.
DatasetOf = Callable[[h5py.Dataset], GrowingDataset]


@dataclass(frozen=True)
class StoredStream:
    """A stream as a file holds it."""

    kind: Kind
    name: str
    sets: list[ColumnSet]
    application: dict[str, object]
    marks: dict[str, object]
    #: Why the attributes that its user gave cannot be read.
    attribute_error: LongtakeError | None = None

    @property
    def is_checked(self) -> bool:
        """Whether its values carry checksums."""
        return bool(self.marks.get("checksum", True))

    @property
    def is_table(self) -> bool:
        """Whether its rows are those of one dataset, not of one for each column."""
        return bool(self.marks.get("table", False))


def stored_streams(raw: RawFile, h5: h5py.File) -> list[StoredStream]:
    """Give all streams of an open file, to write on.

    Raises
    ------
    DamagedFile
        If any of them cannot be read.
    """
    of = partial(GrowingDataset.of, raw)
    return [
        _stored_whole(raw, h5, kind, name, of)
        for kind in KINDS
        for name in stream_names(raw, h5, kind)
    ]


def _stored_whole(
    raw: RawFile, h5: h5py.File, kind: Kind, name: str, dataset_of: DatasetOf
) -> StoredStream:
    try:
        stored = stored_stream(raw, h5, kind, name, dataset_of)
        if stored.attribute_error is not None:
            raise stored.attribute_error
    except DamagedFile as error:
        raise DamagedFile(
            f"{raw.path}: nothing can be appended, for /{kind}/{name} is damaged ({error}); the "
            "others can be read, and `longtake recover` puts them right: go on in a new file"
        ) from error
    return stored


def stream_names(raw: RawFile, h5: h5py.File, kind: Kind, known: Container[str] = ()) -> list[str]:
    """Give the names of a file's streams of one kind, but for those that are known."""
    try:
        # Whether a name is there, and whether what it names can be opened, are two questions.
        if not _is_own(h5, kind):
            return []
        parent = layout.group_at(h5, kind)
        return [name for name in list(parent) if name not in known and _is_stream(parent, name)]
    except UNREADABLE as error:
        raise unreadable(raw, error) from error


def _is_stream(parent: h5py.Group, name: str) -> bool:
    if not _is_own(parent, name):
        return False
    try:
        found = parent[name]
    except UNREADABLE:
        return True  # whoever looks at it is told what is wrong
    return isinstance(found, h5py.Group) and found.id.links.exists(b"index")


def stored_stream(
    raw: RawFile, h5: h5py.File, kind: Kind, name: str, dataset_of: DatasetOf
) -> StoredStream:
    """Give one stream of an open file.

    Raises
    ------
    DamagedFile
        If it cannot be read.
    """
    try:
        group = layout.group_at(h5, f"{kind}/{name}")
        sets = load_sets(group, dataset_of)
        if kind == "frame_stream":
            sets[0].keys = _keys_of(group, dataset_of)
        marks = {mark: read_attribute(group, mark) for mark in _MARKS if mark in group.attrs}
        stored = StoredStream(kind, name, sets, {}, marks)
        _require_form(stored)
    except UNREADABLE as error:
        raise unreadable(raw, error) from error
    try:
        return replace(stored, application=application_of(group))
    except (*UNREADABLE, LongtakeError) as error:
        return replace(stored, attribute_error=unreadable(raw, error))


def _require_form(stored: StoredStream) -> None:
    """Refuse datasets that a stream of its kind cannot have."""
    columns = [dataset for columns in stored.sets for dataset in columns.columns.values()]
    for dataset in columns:
        if dataset.dtype.hasobject or not dataset.row_bytes:
            raise DamagedFile(f"{dataset.path} holds no values of a fixed size")
    is_sequence = stored.kind != "record_stream" or stored.is_table
    if is_sequence and len(stored.sets) + len(columns) != 2:
        raise DamagedFile(f"{stored.sets[0].group} has {len(columns)} datasets beside its index")
    is_flat = not is_sequence or stored.kind == "data_stream"
    if is_flat and any(dataset.row_shape for dataset in columns):
        raise DamagedFile(f"{stored.sets[0].group} has data of more than one dimension")
    if stored.kind == "data_stream" and columns[0].dtype != np.dtype("u1"):
        raise DamagedFile(f"{columns[0].path} holds {columns[0].dtype}, not bytes")


def control_sets(
    raw: RawFile, h5: h5py.File, dataset_of: DatasetOf | None = None
) -> list[ColumnSet]:
    """Give the set of the stream of attribute updates, if there have been any."""
    try:
        if not _is_own(h5, CONTROL):
            return []
        group = layout.group_at(h5, CONTROL)
        if not group.id.links.exists(b"index"):
            return []
        return load_sets(group, dataset_of or partial(GrowingDataset.of, raw))
    except UNREADABLE as error:
        raise unreadable(raw, error) from error


def _is_own(group: h5py.Group, name: str) -> bool:
    """Whether a group has a member of that name, not only a link to what is elsewhere."""
    links, key = group.id.links, name.encode("utf-8", "surrogateescape")
    return links.exists(key) and links.get_info(key).type == h5l.TYPE_HARD


def unreadable(raw: RawFile, error: Exception) -> LongtakeError:
    """Say that HDF5 cannot read the file."""
    if isinstance(error, DamagedFile) and str(raw.path) not in str(error):
        return DamagedFile(f"{raw.path}: {error}")
    if isinstance(error, LongtakeError):
        return error
    return DamagedFile(
        f"{raw.path} cannot be read ({error}): it is damaged, or was cut short in a copy"
    )


def application_of(group: h5py.Group) -> dict[str, object]:
    """Give the attributes of a node that its user gave."""
    value = read_attribute(group, "application") if "application" in group.attrs else {}
    return value if isinstance(value, dict) else {}


def load_sets(group: h5py.Group, dataset_of: DatasetOf) -> list[ColumnSet]:
    """Give the sets of a stream's columns, in the order of their positions."""
    members: dict[str, list[tuple[int, str]]] = {}
    for name in [name for name in list(group) if _is_own(group, name)]:
        dataset = group[name]
        if isinstance(dataset, h5py.Dataset) and "index" in dataset.attrs:
            index = str(read_attribute(dataset, "index"))
            position = int(read_attribute(dataset, "position"))
            members.setdefault(index, []).append((position, name))
    if "index" not in members:  # no columns, or those of another program, which marks none
        members["index"] = [(0, "data")] if _is_own(group, "data") else []
    sets = sorted(members.items(), key=lambda item: (item[0] != "index", min(item[1], default=())))
    return [
        ColumnSet(
            _index_of(layout.dataset_at(group, index), dataset_of),
            {n: _column_of(layout.dataset_at(group, n), dataset_of) for _, n in sorted(columns)},
        )
        for index, columns in sets
    ]


def grown_sets(
    group: h5py.Group, sets: list[ColumnSet], dataset_of: Callable[..., GrowingDataset]
) -> list[ColumnSet]:
    """Give the sets of a stream that is known, which may have grown, or got columns."""
    known = {dataset.path: dataset for columns in sets for dataset in columns.datasets}

    def grown(dataset: h5py.Dataset) -> GrowingDataset:
        return dataset_of(dataset, known.get(str(dataset.name)))

    found = load_sets(group, grown)
    if sets[0].keys is not None:
        found[0].keys = _keys_of(group, grown)
    return found


def _column_of(dataset: h5py.Dataset, dataset_of: DatasetOf) -> GrowingDataset:
    found = dataset_of(dataset)
    require_plausible_data(found)
    return found


def _keys_of(group: h5py.Group, dataset_of: DatasetOf) -> GrowingDataset | None:
    """Give the keys of a frame stream, if it has any: those of other programs have none."""
    if not _is_own(group, KEY) or not are_keys(group[KEY]):
        return None
    return dataset_of(layout.dataset_at(group, KEY))


def _index_of(dataset: h5py.Dataset, dataset_of: DatasetOf) -> GrowingDataset:
    found, names = dataset_of(dataset), dataset.dtype.names or ()
    require_plausible_index(found)
    if names and found.dtype == index_dtype(names[0]) and not found.row_shape:
        return found
    if names == unchecked_index.FIELDS and not found.row_shape:
        # It has the reading half, as what it shows.
        return cast("GrowingDataset", unchecked_index.UncheckedIndex(found))
    raise DamagedFile(f"{found.path} is no index: its rows are {found.dtype}")
