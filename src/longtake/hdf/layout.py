"""What longtake's groups and datasets look like in the file.

Groups keep their links and attributes in their own headers (compact storage): groups of the
other kind (dense) change in several places at once, and readers that list them while they
change have crashed. h5py cannot ask for compact links, so every group is a copy of the root of
a small empty file that was made with::

    H5Pset_link_phase_change(fcpl, 1024, 512)   up to 1024 links stay compact
    H5Pset_est_link_info(fcpl, 64, 16)          room for 64 links of 16 characters at once
    H5Pset_attr_phase_change(fcpl, 1000, 500)

Tables, columns and groups carry the attributes that PyTables gives them.
"""

from __future__ import annotations

import base64
import io
import zlib
from typing import TYPE_CHECKING

import h5py
import numpy as np
from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, WriteFailed
from longtake.hdf import journal
from longtake.hdf.attributes import add_with_room, write_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.hdf.overlay import Overlay

_EMPTY_FILE = zlib.decompress(
    base64.b85decode(
        b"c-rgqaB<`1lHy|K;9!7(|4?886*7Q|mldA$^!IQHVlv#z#h8tZUod}Re8SEogsd9|xVRV?8JHPZ7?>Ow1Q;0hu"
        b"rrK;Q7{Td!6+C7qhM%(!|TfX0sXuvss"
    )
)
#: More links than this would make a group dense.
MOST_LINKS = 1024
#: Chunks begin on this boundary, so that an index row never straddles a disk sector.
ALIGNMENT = 4096
#: Of the flag that says whether all is there: see `hdf/finished.py`.
FINISHED = "finished"
_PYTABLES_FORMAT = "2.1"


def open_h5(overlay: Overlay, mode: str) -> h5py.File:
    """Open a file through an overlay, as all of longtake does."""
    return h5py.File(
        overlay,
        mode,
        libver=("v110", "v110"),
        alignment_threshold=ALIGNMENT,
        alignment_interval=ALIGNMENT,
        rdcc_nbytes=0,
    )


def empty_file(attributes: Mapping[str, object]) -> bytes:
    """Give the bytes of a new file: a root with its attributes, the journal, and the flag."""
    buffer = io.BytesIO(_EMPTY_FILE)
    with h5py.File(
        buffer,
        "r+",
        libver=("v110", "v110"),
        alignment_threshold=ALIGNMENT,
        alignment_interval=ALIGNMENT,
    ) as h5:
        control = create_group(h5, "control", {})
        _create_journal(control)
        _create_flag(h5)
        _mark_group(h5)
        write_attribute(h5, "PYTABLES_FORMAT_VERSION", _PYTABLES_FORMAT)
        _give(h5, attributes)
    return buffer.getvalue()


def _give(group: h5py.Group, attributes: Mapping[str, object]) -> None:
    for name, value in attributes.items():
        (add_with_room if isinstance(value, dict) else write_attribute)(group, name, value)


def _create_journal(control: h5py.Group) -> None:
    plist = _plist()
    plist.set_layout(h5py.h5d.CONTIGUOUS)
    space = h5py.h5s.create_simple((journal.SIZE,))
    made = h5py.h5d.create(control.id, b"journal", h5py.h5t.STD_U8LE, space, plist)
    if made.get_offset() != journal.OFFSET:
        raise WriteFailed(
            f"HDF5 {h5py.version.hdf5_version} puts the journal at byte {made.get_offset()} of a "
            f"new file, and recovery looks for it at {journal.OFFSET}: no file was made; install "
            "the h5py that longtake was tested with"
        )
    write_attribute(h5py.Dataset(made), "TITLE", "two slots of structure changes")


def _create_flag(h5: h5py.File) -> None:
    plist = _plist()
    plist.set_chunk((1,))  # HDF5 2.0 cannot refresh a contiguous dataset that was written to since
    space = h5py.h5s.create_simple((1,))
    flag = h5py.Dataset(h5py.h5d.create(h5.id, FINISHED.encode(), h5py.h5t.STD_U8LE, space, plist))
    flag[0] = 0
    write_attribute(flag, "CLASS", "CARRAY")
    write_attribute(flag, "VERSION", "1.1")
    write_attribute(flag, "TITLE", "whether all is there, and nobody writes")


def create_group(parent: h5py.Group, name: str, attributes: Mapping[str, object]) -> h5py.Group:
    """Make a group that readers may list while it changes."""
    with h5py.File(io.BytesIO(_EMPTY_FILE), "r") as template:
        h5o.copy(template.id, b"/", parent.id, name.encode())
    group = group_at(parent, name)
    _mark_group(group)
    _give(group, attributes)
    return group


def require_group(parent: h5py.Group, name: str) -> h5py.Group:
    """Give a group, made now if it is not there."""
    if name in parent:
        return group_at(parent, name)
    return create_group(parent, name, {})


def create_table(
    group: h5py.Group, name: str, dtype: np.dtype, *, rows: int, chunk_rows: int
) -> h5py.Dataset:
    """Make a compound table that PyTables opens as a Table."""
    table = _create(group, name, dtype, rows, chunk_rows)
    write_attribute(table, "CLASS", "TABLE")
    write_attribute(table, "VERSION", "2.7")
    write_attribute(table, "TITLE", "")
    write_attribute(table, "NROWS", np.int64(0))
    for i, field in enumerate(dtype.names or ()):
        write_attribute(table, f"FIELD_{i}_NAME", field)
        write_attribute(table, f"FIELD_{i}_FILL", np.zeros((), dtype[field])[()])
    return table


def create_column(
    group: h5py.Group,
    name: str,
    dtype: np.dtype,
    *,
    rows: int,
    chunk_rows: int,
    row_shape: tuple[int, ...] = (),
) -> h5py.Dataset:
    """Make a dataset that grows along its first dimension, and that PyTables opens as an EArray."""
    column = _create(group, name, dtype, rows, chunk_rows, row_shape)
    write_attribute(column, "CLASS", "EARRAY")
    write_attribute(column, "VERSION", "1.1")
    write_attribute(column, "TITLE", "")
    write_attribute(column, "EXTDIM", np.int32(0))
    return column


def mark_column(column: h5py.Dataset, index: str, position: int) -> None:
    """Say which index a column's rows are told by, and where it stands among the columns."""
    write_attribute(column, "index", index)
    write_attribute(column, "position", position)


def dataset_at(h5: h5py.Group, path: str) -> h5py.Dataset:
    """Give the dataset of that path; anything else there is damage."""
    found = h5[path]
    if not isinstance(found, h5py.Dataset):
        raise _damaged(h5, path, "dataset")
    return found


def group_at(h5: h5py.Group, path: str) -> h5py.Group:
    """Give the group of that path; anything else there is damage."""
    found = h5[path]
    if not isinstance(found, h5py.Group):
        raise _damaged(h5, path, "group")
    return found


def _damaged(h5: h5py.Group, path: str, kind: str) -> DamagedFile:
    where = f"{h5.name or ''}/{path}".replace("//", "/")
    return DamagedFile(
        f"{where} is no {kind}, as it was when longtake wrote it: the file is damaged, or another "
        "program changed it; restore it from a copy"
    )


def members(group: h5py.Group) -> list[tuple[str, object]]:
    """Give the names and objects of a group's members.

    As a list, for h5py's own iterator holds the lock on all of h5py from one member to the next.
    An error in between leaves it suspended, in the traceback, and every other thread stuck.
    """
    return list(group.items())


def shrink(dataset: h5py.Dataset, rows: int) -> None:
    """Show only the rows in use; for closing, never while rows are appended."""
    dataset.resize(rows, axis=0)
    if "NROWS" in dataset.attrs:
        dataset.attrs.modify("NROWS", np.int64(rows))


def _create(
    group: h5py.Group,
    name: str,
    dtype: np.dtype,
    rows: int,
    chunk_rows: int,
    row_shape: tuple[int, ...] = (),
) -> h5py.Dataset:
    plist = _plist()
    plist.set_chunk((chunk_rows, *row_shape))
    space = h5py.h5s.create_simple((rows, *row_shape), (h5py.h5s.UNLIMITED, *row_shape))
    kind = h5py.h5t.py_create(dtype, logical=True)
    return h5py.Dataset(h5py.h5d.create(group.id, name.encode(), kind, space, plist))


def _plist() -> h5py.h5p.PropDCID:
    """Space is taken at once and never filled: fresh file space reads as zeros."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plist.set_attr_phase_change(1000, 500)
    return plist


def _mark_group(group: h5py.Group) -> None:
    write_attribute(group, "CLASS", "GROUP")
    write_attribute(group, "VERSION", "1.0")
    write_attribute(group, "TITLE", "")
