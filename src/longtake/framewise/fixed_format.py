"""A table that Pandas wrote in its fixed format, copied to one that can be read frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import DamagedFile, InvalidArgument
from longtake.framewise.in_place import put_in_place
from longtake.framewise.pandas_layout import open_table, read_rows, require_stored
from longtake.framewise.single_table import create_rows, require_fields
from longtake.framewise.table_columns import schema_of
from longtake.hdf.attributes import read_attribute

if TYPE_CHECKING:
    from longtake.framewise.pandas_file import PandasFile

_COPY = "tabular"


def copy_as_table(file: PandasFile, key: str, t_column: str) -> str:
    """Copy the table at `key` to ``<key>/tabular`` and give that key; an earlier copy is used.

    A table that can be read frame by frame already is left alone, and so is a key that is not
    there; then `key` itself is given. The copy is there whole or not at all.

    Raises
    ------
    InvalidArgument
        If the table has no column `t_column` of whole numbers, a column that such a copy cannot
        hold, or its place is taken by something else.
    """
    node = file.root.get(key)
    if not isinstance(node, h5py.Group):
        return key
    target = f"{key}/{_COPY}"
    if target in file.root:
        _require_table(file.root[target], target)
        return target
    if "table" in node:
        table, layout = open_table(node.id)
        if not layout.in_blocks:
            return key
        columns = layout.columns(read_rows(table, layout, range(table.shape[0])))
    else:
        columns = _fixed_columns(node, key)
    require_fields(columns)
    rows = _rows_by_frame(columns, key, t_column)
    columns = {name: values[rows] for name, values in columns.items()}
    size = sum(values.nbytes for values in columns.values())
    with file.changing(f"the copy {target!r}", size) as undo:
        group = h5py.h5g.create(file.root.id, None, gcpl=file.group_properties())
        create_rows(file, group, columns, schema_of(columns))
        put_in_place(undo, node.id, _COPY.encode(), group)
    return target


def _require_table(node: object, target: str) -> None:
    if not isinstance(node, h5py.Group) or "table" not in node:
        raise InvalidArgument(
            f"{target!r} is not a table of rows, and in the way of the copy: rename or delete it"
        )


def _rows_by_frame(columns: dict[str, np.ndarray], key: str, t_column: str) -> np.ndarray:
    """Give the order in which the frames ascend, each with its rows in their order."""
    if t_column not in columns:
        raise InvalidArgument(f"the table at {key!r} has no column {t_column!r}")
    numbers = columns[t_column]
    if numbers.dtype.kind == "f":
        wrong = numbers[~((numbers == np.floor(numbers)) & (np.abs(numbers) < 2.0**63))]
        if len(wrong):
            raise InvalidArgument(
                f"the column {t_column!r} of the table at {key!r} holds {wrong[0]!s}, and a frame "
                "number is a whole number: correct the table with Pandas, or choose another "
                "t_column="
            )
    elif numbers.dtype.kind not in "iu":
        raise InvalidArgument(
            f"the column {t_column!r} of the table at {key!r} holds {numbers.dtype}, and a frame "
            "number is a whole number"
        )
    return np.argsort(numbers, kind="stable")


def _fixed_columns(node: h5py.Group, key: str) -> dict[str, np.ndarray]:
    if "axis0" not in node:
        raise InvalidArgument(f"there is no table of Pandas at {key!r}: choose another key=")
    found = {}
    for i in range(int(read_attribute(node, "nblocks"))):
        block = _block(node[f"block{i}_values"], key)
        for j, name in enumerate(_names(node[f"block{i}_items"])):
            found[name] = block[:, j]
    columns = {name: found[name] for name in _names(node["axis0"])}
    if len({len(values) for values in columns.values()}) > 1:
        raise DamagedFile(f"the columns of the table at {key!r} are not of equal length")
    return columns


def _block(values: Any, key: str) -> np.ndarray:
    kind = values.id.get_type()
    is_bool = isinstance(kind, h5py.h5t.TypeBitfieldID)
    dtype = np.dtype("?") if is_bool else values.dtype
    if dtype.kind not in "?biufc":
        raise InvalidArgument(f"the table at {key!r} holds columns that are not of numbers")
    require_stored(values.id, dtype.itemsize * int(np.prod(values.shape[1:])))
    block = np.empty(values.shape, dtype)
    values.id.read(h5py.h5s.ALL, h5py.h5s.ALL, block, mtype=kind if is_bool else None)
    return block


def _names(axis: Any) -> list[str]:
    return [name.decode() for name in axis[:].tolist()]
