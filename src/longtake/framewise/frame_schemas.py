"""What a single table cannot say of its frames: which are empty, and which have other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from longtake.errors import DamagedFile
from longtake.framewise.in_place import put_in_place, remove
from longtake.framewise.pandas_layout import require_stored
from longtake.hdf.attributes import read_attribute, write_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from longtake.framewise.table_columns import Schema

#: The dataset that holds it, beside Pandas' own, which passes it over.
NAME = b"longtake_frames"
_ENTRY = np.dtype([("frame", "<i8"), ("schema", "<i8"), ("rows", "<i8")])


def read_schemas(group: h5py.h5g.GroupID, rows: Mapping[int, int]) -> dict[int, Schema]:
    """Give the columns of those frames that differ from the table's own.

    Parameters
    ----------
    group
        The group of the table.
    rows
        The number of rows that each frame has in the table. What was noted of a frame that has
        another number of rows now, because another program put it since, is not believed.
    """
    if not has_schemas(group):
        return {}
    dataset = h5py.Dataset(h5py.h5d.open(group, NAME))
    if dataset.dtype != _ENTRY or dataset.ndim != 1:
        raise DamagedFile(f"{NAME.decode()} does not hold frames and their columns")
    require_stored(dataset.id, _ENTRY.itemsize)
    entries = dataset[:]
    schemas = [
        tuple((name, np.dtype(code)) for name, code in schema)
        for schema in read_attribute(dataset, "schemas")
    ]
    return {
        frame: schemas[schema]
        for frame, schema, noted in entries.tolist()
        if rows.get(frame, 0) == noted
    }


def has_schemas(group: h5py.h5g.GroupID) -> bool:
    """Whether anything is noted."""
    return group.links.exists(NAME)


def size_of(schemas: Mapping[int, Schema]) -> int:
    """Give the bytes that a note of so many frames takes at most."""
    named = sum(len(name) + 16 for schema in set(schemas.values()) for name, _ in schema)
    return len(schemas) * _ENTRY.itemsize + named


def write_schemas(
    undo: ExitStack,
    group: h5py.h5g.GroupID,
    schemas: Mapping[int, Schema],
    rows: Mapping[int, int],
) -> None:
    """Note the columns of those frames that differ from the table's own, in place of those noted.

    How it is taken back is added to `undo`.
    """
    if not schemas:
        remove(undo, group, NAME)
        return
    numbers = {schema: i for i, schema in enumerate(dict.fromkeys(schemas.values()))}
    entries = np.array(
        [(frame, numbers[schema], rows.get(frame, 0)) for frame, schema in schemas.items()], _ENTRY
    )
    dataset = h5py.Group(group).create_dataset(None, data=entries, track_times=False)
    named = [[(name, dtype.str) for name, dtype in schema] for schema in numbers]
    write_attribute(dataset, "schemas", named)
    put_in_place(undo, group, NAME, dataset.id)
