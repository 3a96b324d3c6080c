"""A table that Pandas wrote in its fixed format, copied to one that can be read frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import InvalidArgument
from longtake.framewise.pandas_layout import read_layout, read_rows
from longtake.framewise.single_table import SingleTable
from longtake.hdf.attributes import read_attribute

if TYPE_CHECKING:
    from longtake.framewise.pandas_file import PandasFile


def copy_as_table(file: PandasFile, key: str, t_column: str) -> str:
    """Copy the table at `key` to ``<key>/tabular`` and give that key; an earlier copy is used.

    A table that can be read frame by frame already is left alone, and so is a key that is not
    there; then `key` itself is given.
    """
    node = file.root.get(key)
    if not isinstance(node, h5py.Group):
        return key
    target = f"{key}/tabular"
    if target in file.root:
        return target
    if "table" in node:
        table = h5py.h5d.open(node.id, b"table")
        layout = read_layout(node.id, table)
        if not layout.in_blocks:
            return key
        columns = layout.columns(read_rows(table, layout, range(table.shape[0])))
    else:
        columns = _fixed_columns(node, key)
    if t_column not in columns:
        raise InvalidArgument(f"the table at {key!r} has no column {t_column!r}")
    with file.writing(f"the copy {target!r}"):
        group = file.root.create_group(target, track_times=False)
        schema = tuple((name, values.dtype) for name, values in columns.items())
        copy = SingleTable.create(file, group.id, t_column, schema)
        numbers = columns[t_column].astype("i8")
        for number in np.unique(numbers).tolist():
            rows = np.flatnonzero(numbers == number)
            copy.put(number, {name: values[rows] for name, values in columns.items()})
        copy.finish()
    return target


def _fixed_columns(node: h5py.Group, key: str) -> dict[str, np.ndarray]:
    if "axis0" not in node:
        raise InvalidArgument(f"there is no table of Pandas at {key!r}: choose another key=")
    found = {}
    for i in range(int(read_attribute(node, "nblocks"))):
        values: Any = node[f"block{i}_values"]
        kind = values.id.get_type()
        is_bool = isinstance(kind, h5py.h5t.TypeBitfieldID)
        block = np.empty(values.shape, "?" if is_bool else values.dtype)
        if block.dtype.kind not in "?biufc":
            raise InvalidArgument(f"the table at {key!r} holds columns that are not of numbers")
        values.id.read(h5py.h5s.ALL, h5py.h5s.ALL, block, mtype=kind if is_bool else None)
        for j, name in enumerate(_names(node[f"block{i}_items"])):
            found[name] = block[:, j]
    return {name: found[name] for name in _names(node["axis0"])}


def _names(axis: Any) -> list[str]:
    return [name.decode() for name in axis[:].tolist()]
