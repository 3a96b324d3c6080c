"""The layout in which Pandas keeps a table in HDF5, written and read without Pandas' own code.

A table is a group with one compound dataset, ``table``, and attributes that say what is where. A
field of the compound holds one column, or a block of several columns of one dtype side by side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import DamagedFile
from longtake.framewise.foreign_errors import reading
from longtake.hdf.attributes import Packed, add_packed, pack, read_attribute
from longtake.hdf.foreign_filters import make_readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.framewise.pandas_file import PandasFile
    from longtake.framewise.table_columns import Schema

_INT64 = np.dtype("i8")
#: Where `PandasHDFStoreBig` of trackpy keeps its list of the frames.
CACHE = b"_Frames_Cache"
#: No filter makes rows smaller than this; zlib's limit is 1032, and zeros in Blosc go beyond it.
_MOST_COMPRESSED = 1 << 16
# trackpy names a frame that was put as 4.0 "Frame_4.0", and can then no longer open the file.
_GROUP_NAME = re.compile(rb"Frame_(-?\d+)(?:\.0)?")


@dataclass(frozen=True)
class Field:
    """A member of the compound: its name, its dtype, and the columns side by side in it."""

    name: str
    dtype: np.dtype
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Where each column of a table is.

    Attributes
    ----------
    order
        The names of the columns, as the table gives them.
    fields
        The members of the compound after the first, which is the row's number.
    in_blocks
        Whether columns of one dtype share a field.
    """

    order: tuple[str, ...]
    fields: tuple[Field, ...]
    in_blocks: bool

    @cached_property
    def schema(self) -> Schema:
        """The names and dtypes of the columns, in order."""
        dtypes = {name: field.dtype for field in self.fields for name in field.columns}
        return tuple((name, dtypes[name]) for name in self.order)

    @cached_property
    def record(self) -> np.dtype:
        """The dtype of a row in memory; laid out as in the file."""
        return np.dtype([("index", "i8"), *map(self._member, self.fields)])

    def _member(self, field: Field) -> Any:
        shape = (len(field.columns),) if self.in_blocks else ()
        return (field.name, field.dtype, shape)

    @cached_property
    def file_type(self) -> h5py.h5t.TypeID:
        """The type of a row in the file; also used in memory, so that nothing is converted."""
        compound = h5py.h5t.create(h5py.h5t.COMPOUND, self.record.itemsize)
        compound.insert(b"index", 0, h5py.h5t.py_create(_INT64))
        for field in self.fields:
            # PyTables keeps a boolean as a field of bits.
            kind = (
                h5py.h5t.NATIVE_B8 if field.dtype.kind == "b" else h5py.h5t.py_create(field.dtype)
            )
            if self.in_blocks:
                kind = h5py.h5t.array_create(kind, (len(field.columns),))
            compound.insert(field.name.encode(), self.record.fields[field.name][1], kind)  # type: ignore[index]
        return compound

    def records(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Lay the columns of one table side by side, as rows numbered from 0."""
        rows = len(next(iter(columns.values())))
        records = np.empty(rows, self.record)
        records["index"] = np.arange(rows)
        for field in self.fields:
            target = records[field.name]
            if self.in_blocks:
                for i, name in enumerate(field.columns):
                    target[:, i] = columns[name]
            else:
                target[:] = columns[field.columns[0]]
        return records

    def columns(self, records: np.ndarray) -> dict[str, np.ndarray]:
        """Give the columns of rows, in the table's order."""
        found = {}
        for field in self.fields:
            values = records[field.name]
            if self.in_blocks:
                found.update((name, values[:, i]) for i, name in enumerate(field.columns))
            else:
                found[field.columns[0]] = values
        return {name: found[name] for name in self.order}

    @cached_property
    def group_attributes(self) -> list[tuple[str, Packed]]:
        """What Pandas wants to find on the group."""
        fields = [field.name for field in self.fields]
        info: dict[object, object] = {1: {"names": [None], "type": "Index"}, "index": {}}
        values = {
            "CLASS": "GROUP",
            "TITLE": "",
            "VERSION": "1.0",
            "pandas_type": "frame_table",
            "table_type": "appendable_frame",
            "encoding": "UTF-8",
            "errors": "strict",
            "levels": 1,
            "nan_rep": None,
            "index_cols": [(0, "index")],
            "non_index_axes": [(1, list(self.order))],
            "values_cols": fields,
            "data_columns": [] if self.in_blocks else fields,
            "info": info | {name: {} for name in fields},
        }
        return [(name, pack(value)) for name, value in values.items()]

    @cached_property
    def table_attributes(self) -> list[tuple[str, Packed]]:
        """What PyTables and Pandas want to find on the dataset, the number of rows excepted."""
        values: dict[str, object] = {"CLASS": "TABLE", "VERSION": "2.7", "TITLE": ""}
        members = [Field("index", _INT64, ()), *self.fields]
        for i, field in enumerate(members):
            values[f"FIELD_{i}_NAME"] = field.name
        values["index_kind"] = "integer"
        for field in self.fields:
            values[f"{field.name}_kind"] = list(field.columns)
            values[f"{field.name}_dtype"] = field.dtype.name
        return [(name, pack(value)) for name, value in values.items()]


@lru_cache(64)
def block_layout(schema: Schema) -> Layout:
    """Give the layout in which columns of one dtype share a field, as `HDFStore.put` writes it."""
    blocks: dict[np.dtype, list[str]] = {}
    for name, dtype in schema:
        blocks.setdefault(dtype, []).append(name)
    fields = [
        Field(f"values_block_{i}", dtype, tuple(names))
        for i, (dtype, names) in enumerate(blocks.items())
    ]
    return Layout(tuple(name for name, _ in schema), tuple(fields), in_blocks=True)


@lru_cache(64)
def column_layout(schema: Schema) -> Layout:
    """Give the layout in which every column is a field, so that Pandas can query it."""
    fields = [Field(name, dtype, (name,)) for name, dtype in schema]
    return Layout(tuple(name for name, _ in schema), tuple(fields), in_blocks=False)


def frame_names(root: h5py.h5g.GroupID) -> dict[int, bytes]:
    """Give the name of each frame's group, in a file that has a group a frame."""
    found = [(_GROUP_NAME.fullmatch(name), name) for name in root]
    return {int(match[1]): name for match, name in found if match}


def layout_of(h5: h5py.File) -> tuple[str, int | None] | None:
    """Name the store whose layout a file has, and count its frames where that is quick.

    The name is that of the class to open it with; a single table would have to be read to count
    its frames, and gives None for them. A file without tables of Pandas gives None.

    Raises
    ------
    DamagedFile
        If the groups of the file cannot be read.
    """
    with reading(h5.filename, "what it holds"):
        root = h5py.Group(h5.id)
        frames = frame_names(root.id)
        if any(_is_table(root.get(name)) for name in frames.values()):
            big = root.id.links.exists(CACHE)
            return ("PandasHDFStoreBig" if big else "PandasHDFStore"), len(frames)
        single = root.visititems(lambda _, node: _is_table(node) or None)
        return ("PandasHDFStoreSingleNode", None) if single else None


def _is_table(node: object) -> bool:
    if not isinstance(node, h5py.Group) or "pandas_type" not in node.attrs:
        return False
    return read_attribute(node, "pandas_type") == "frame_table"


def create_table(
    file: PandasFile,
    group: h5py.h5g.GroupID,
    name: bytes | None,
    layout: Layout,
    rows: int,
    chunk_rows: int,
) -> h5py.h5d.DatasetID:
    """Make the dataset of a table, with room for `rows` rows and any more; None: without a name."""
    space = h5py.h5s.create_simple((rows,), (h5py.h5s.UNLIMITED,))
    properties = file.table_properties(chunk_rows)
    table = h5py.h5d.create(group, name, layout.file_type, space, dcpl=properties)
    for key, packed in layout.table_attributes:
        add_packed(table, key, packed)
    add_packed(table, "NROWS", pack(np.int64(rows)))
    return table


def open_table(group: h5py.h5g.GroupID) -> tuple[h5py.h5d.DatasetID, Layout]:
    """Open the table of a group, and find out from its attributes, whoever wrote it, its layout."""
    table = h5py.h5d.open(group, b"table")
    make_readable(table.get_create_plist())
    layout = _read_layout(group, table)
    require_stored(table, layout.record.itemsize)
    return table, layout


def require_stored(dataset: h5py.h5d.DatasetID, row_size: int) -> None:
    """Raise `DamagedFile` if a dataset claims rows that are not in the file.

    Else one number gone wrong would have HDF5 make up rows until the memory is full.
    """
    rows = dataset.shape[0] if dataset.rank else 0
    filters = dataset.get_create_plist().get_nfilters()
    most = dataset.get_storage_size() * (_MOST_COMPRESSED if filters else 1)
    if rows * row_size > most:
        raise DamagedFile(f"it claims {rows} rows, which are not in the file")


def _read_layout(group: h5py.h5g.GroupID, table: h5py.h5d.DatasetID) -> Layout:
    kind = table.get_type()
    if not isinstance(kind, h5py.h5t.TypeCompoundID):
        raise DamagedFile("the dataset 'table' is not a table of rows")
    axes = read_attribute(group, "non_index_axes")
    members = _members(kind.encode())
    fields = []
    for name, dtype, _ in members:
        columns = read_attribute(table, f"{name}_kind")
        fields.append(Field(name, dtype, tuple(columns)))
    in_blocks = any(shaped for _, _, shaped in members)
    order = tuple(axes[0][1])
    if sorted(order) != sorted(name for field in fields for name in field.columns):
        raise DamagedFile(f"the table's columns {order} are not those of its fields")
    return Layout(order, tuple(fields), in_blocks)


@lru_cache(64)
def _members(encoded: bytes) -> list[tuple[str, np.dtype, bool]]:
    """Give name, dtype, and whether it is an array, of each member of a compound but the first."""
    compound: Any = h5py.h5t.decode(encoded)
    members = []
    for i in range(compound.get_nmembers()):
        kind = compound.get_member_type(i)
        shaped = isinstance(kind, h5py.h5t.TypeArrayID)
        base = kind.get_super() if shaped else kind
        dtype = np.dtype(bool) if isinstance(base, h5py.h5t.TypeBitfieldID) else base.dtype
        members.append((compound.get_member_name(i).decode(), dtype, shaped))
    if not members or members[0][0] != "index":
        raise DamagedFile("the table's rows do not begin with the field 'index'")
    return members[1:]


def read_rows(table: h5py.h5d.DatasetID, layout: Layout, rows: range) -> np.ndarray:
    """Read a run of rows."""
    records = np.empty(len(rows), layout.record)
    if len(rows):
        space = table.get_space()
        space.select_hyperslab((rows.start,), (len(rows),))
        table.read(h5py.h5s.create_simple((len(rows),)), space, records, mtype=layout.file_type)
    return records


def write_rows(table: h5py.h5d.DatasetID, layout: Layout, rows: range, records: np.ndarray) -> None:
    """Write a run of rows, which are within the table."""
    if len(rows):
        space = table.get_space()
        space.select_hyperslab((rows.start,), (len(rows),))
        content = np.ascontiguousarray(records)
        table.write(h5py.h5s.create_simple((len(rows),)), space, content, mtype=layout.file_type)
