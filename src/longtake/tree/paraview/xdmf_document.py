"""The text of an XDMF file: elements of XML, and names that VTK's reader of them understands.

As of version 2 of the format (https://www.xdmf.org/index.php/XDMF_Model_and_Format), and of what
the reader does where that says nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longtake.tree.paraview.field import Field
    from longtake.tree.paraview.grid import Grid

#: The reader makes 32 bits of unsigned numbers that have 64: as signed ones they keep 63.
_NUMBERS = {
    "u1": ("UChar", 1),
    "i1": ("Char", 1),
    "u2": ("UInt", 2),
    "i2": ("Int", 2),
    "u4": ("UInt", 4),
    "i4": ("Int", 4),
    "u8": ("Int", 8),
    "i8": ("Int", 8),
    "f2": ("Float", 4),
    "f4": ("Float", 4),
    "f8": ("Float", 8),
}
#: The reader's room for a name is about 1000 bytes.
_MOST_NAME_BYTES = 900
_UNSAYABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def document(fields: list[Field], grid: Grid, title: str, h5: str) -> ET.Element:
    """Give the document that shows arrays on one grid, at one time or at several.

    Parameters
    ----------
    fields : list of Field
        Of one shape and the same times.
    grid : Grid
    title : str
        What the grid is called.
    h5 : str
        The HDF5 file's name, relative to where the document will be.

    Raises
    ------
    InvalidArgument
        If a name cannot be said in XDMF.
    """
    root = ET.Element("Xdmf", Version="2.0")
    domain, called = ET.SubElement(root, "Domain"), _said(title)
    times = fields[0].times
    if times is None:
        _add_grid(domain, fields, grid, called, h5)
        return root
    collection = ET.SubElement(
        domain, "Grid", Name=called, GridType="Collection", CollectionType="Temporal"
    )
    for number, time in enumerate(times.values.tolist()):
        _add_grid(collection, fields, grid, called, h5, (number, time))
    return root


def _add_grid(
    parent: ET.Element,
    fields: list[Field],
    grid: Grid,
    name: str,
    h5: str,
    at: tuple[int, float] | None = None,
) -> None:
    """Add a grid, at one of the times if it has some."""
    made = ET.SubElement(parent, "Grid", Name=name, GridType="Uniform")
    if at is not None:
        ET.SubElement(made, "Time", Value=repr(at[1]))
    # The two-dimensional topology comes out of VTK's reader on its side.
    ET.SubElement(made, "Topology", TopologyType="3DCoRectMesh", Dimensions=_text(grid.shape))
    geometry = ET.SubElement(made, "Geometry", GeometryType="ORIGIN_DXDYDZ")
    for triple in (grid.origin, grid.spacing):  # in the order of Dimensions: z, y, x
        item = ET.SubElement(
            geometry, "DataItem", Dimensions="3", NumberType="Float", Precision="8", Format="XML"
        )
        item.text = _text(triple)
    for field in fields:
        shown = ET.SubElement(
            made, "Attribute", Name=_said(field.name), AttributeType="Scalar", Center="Node"
        )
        _add_values(shown, field, grid, h5, None if at is None else at[0])


def _add_values(parent: ET.Element, field: Field, grid: Grid, h5: str, number: int | None) -> None:
    """Add the part of a dataset that is shown: rows in use, or one of them."""
    start, count = [0] * len(field.shape), list(field.shape)
    if number is not None and field.times is not None:
        start, count = [int(field.times.rows[number]), *start], [1, *count]
    slab = ET.SubElement(
        parent, "DataItem", ItemType="HyperSlab", Type="HyperSlab", Dimensions=_text(grid.shape)
    )
    selection = ET.SubElement(
        slab, "DataItem", Dimensions=f"3 {len(start)}", NumberType="Int", Format="XML"
    )
    selection.text = _text([*start, *(1 for _ in start), *count])
    kind, size = _NUMBERS[field.type_name]
    values = ET.SubElement(
        slab,
        "DataItem",
        Dimensions=_text(field.stored_shape),
        NumberType=kind,
        Precision=str(size),
        Format="HDF",
    )
    values.text = _address(h5, field.path)


def _address(h5: str, path: str) -> str:
    for part in (h5, path):
        if ":" in part:
            raise InvalidArgument(
                f"{part!r} cannot be said in XDMF, where ':' divides a file's name from a path in "
                "it: use another name, or add_vtkhdf"
            )
    # The reader cuts off what is not ASCII, and spaces, at the beginning and at the end.
    before = "" if _is_plain(h5[0]) else "./"
    after = "" if _is_plain(path[-1]) else "/"
    return _said(f"{before}{h5}:{path}{after}")


def _is_plain(character: str) -> bool:
    return "!" <= character <= "~"


def _said(name: str) -> str:
    found = _UNSAYABLE.search(name)
    if found or len(name.encode()) > _MOST_NAME_BYTES:
        why = f"it has {found[0]!r}" if found else f"it is longer than {_MOST_NAME_BYTES} bytes"
        raise InvalidArgument(f"{name[:99]!r} cannot be said in XDMF: {why}; use another name")
    return name


def _text(numbers: Iterable[float]) -> str:
    return " ".join(map(repr, numbers))
