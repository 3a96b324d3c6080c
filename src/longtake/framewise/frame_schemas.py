"""What a single table cannot say of its frames: which are empty, and which have other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from longtake.errors import DamagedFile
from longtake.hdf.attributes import read_attribute, write_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if not group.links.exists(NAME):
        return {}
    dataset = h5py.Dataset(h5py.h5d.open(group, NAME))
    entries = dataset[:]
    if entries.dtype != _ENTRY:
        raise DamagedFile(f"{NAME.decode()} does not hold frames and their columns")
    schemas = [
        tuple((name, np.dtype(code)) for name, code in schema)
        for schema in read_attribute(dataset, "schemas")
    ]
    return {
        frame: schemas[schema]
        for frame, schema, noted in entries.tolist()
        if rows.get(frame, 0) == noted
    }


def write_schemas(
    group: h5py.h5g.GroupID, schemas: Mapping[int, Schema], rows: Mapping[int, int]
) -> None:
    """Note the columns of those frames that differ from the table's own."""
    if group.links.exists(NAME):
        group.unlink(NAME)
    if not schemas:
        return
    numbers = {schema: i for i, schema in enumerate(dict.fromkeys(schemas.values()))}
    entries = np.array(
        [(frame, numbers[schema], rows.get(frame, 0)) for frame, schema in schemas.items()], _ENTRY
    )
    dataset = h5py.Group(group).create_dataset(NAME.decode(), data=entries, track_times=False)
    named = [[(name, dtype.str) for name, dtype in schema] for schema in numbers]
    write_attribute(dataset, "schemas", named)
