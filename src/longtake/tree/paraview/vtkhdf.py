"""VTKHDF: a group in an HDF5 file by which ParaView opens the file itself.

As of version 2.0 of the format, for images
(https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format/index.html). The group holds
links to the arrays, so their numbers are in the file once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import AlreadyExists, InvalidArgument, LongtakeError, WriteFailed
from longtake.hdf.attributes import read_attribute
from longtake.tree.group import Group
from longtake.tree.leaf import Array
from longtake.tree.link_nodes import SoftLink
from longtake.tree.links import link_of
from longtake.tree.paraview.field import Field, array_of, field_of
from longtake.tree.paraview.grid import Grid, grid_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.tree.tree import Tree

_NAME, _ARRAYS, _TIMES, _ROWS = "VTKHDF", "PointData", "Steps", "PointDataOffsets"
_TYPE, _VERSION = b"ImageData", (2, 0)
_TOLD = f"remove it first, by file.remove_node('/{_NAME}', recursive=True)"


def add_vtkhdf(
    node: Any,
    *,
    name: str | None = None,
    spacing: float | Sequence[float] = 1.0,
    origin: float | Sequence[float] = 0.0,
    times: Any = None,
) -> Group:
    """Let ParaView open the HDF5 file itself, and show an array in it: no number is copied.

    The file gets a group ``/VTKHDF``, with a link to the array. Called for another array of the
    same extent, it adds that one; called again for the one array that is shown, it makes the group
    anew, as after the array has grown. ``file.remove_node('/VTKHDF', recursive=True)`` takes it
    away. To leave the file as it is, see `to_xdmf`.

    Parameters
    ----------
    node : Array
        Of a file that is open to write: an image (y, x) or a volume (z, y, x); with times,
        (time, y, x) or (time, z, y, x).
    name : str, optional
        What ParaView calls the array; otherwise as the node is called, or the stream of frames
        whose data it is.
    spacing, origin : float, or one for each axis in space
        In the order of the array's axes, (y, x) or (z, y, x), as ``diameter=`` in tracking.
        ParaView shows them as x, y, z, and draws y upwards.
    times : (n,) array_like, optional
        One for each row of the first axis, ascending. The frames of a recording have those of
        their index, in the index's units.

    Returns
    -------
    Group
        ``/VTKHDF``.

    Raises
    ------
    WrongType
        If what the node holds is not shown by VTK: text, truth values, complex numbers, a table.
    InvalidArgument
        If it has other dimensions, an axis of one element, or one time only, which VTK does not
        read from here (`to_xdmf` shows them); or another extent, or other times, than what the
        group shows already.
    AlreadyExists
        If the group shows another array of that name, or is of another kind than this makes.
    NoPermission
        If the file was opened to read.

    Guarantees
    ----------
    Only rows in use at this moment are shown. The group appears when it is whole.

    Compressed by Blosc or Blosc2, the array is read by ParaView only where it was started with the
    environment's HDF5_PLUGIN_PATH set to ``hdf5plugin.PLUGIN_PATH``. Times need VTK 9.3 in it. A
    file that h5py made with ``libver="latest"`` is not read by VTK 9.7. Where ParaView asks for the
    reader of a file, this is for its VTKHDF reader.

    Examples
    --------
    >>> import tempfile, os
    >>> from longtake.tree import open_file
    >>> with open_file(os.path.join(tempfile.mkdtemp(), "a.h5"), "w") as file:
    ...     field = file.create_array("/", "field", [[0.5, 1.5], [2.5, 3.5]])
    ...     shown = add_vtkhdf(field, spacing=(0.25, 0.125))
    ...     print(shown.PointData.field)
    /VTKHDF/PointData/field (SoftLink) -> /field
    """
    leaf = array_of(node)
    tree = leaf._tree
    tree.require_writable()
    field = field_of(leaf, name, times)
    _require_read_by_link(field)
    grid = grid_of(field.shape, spacing, origin)
    group = _present(tree)
    is_new = group is None or not _shows_the_same(group, grid, field)
    if group is not None:
        _require_name_free(group, field)
        others = [array._v_name for array in group[_ARRAYS] if array._v_name != field.name]
        if is_new and others:
            raise InvalidArgument(
                f"{tree.filename}: /{_NAME} shows {', '.join(others)} at other points or times "
                f"than are given for {field.path} {leaf.shape}; {_TOLD}"
            )
    tree.flush()
    try:
        _make(tree.root._h5, grid, field) if is_new else _add_to(group, field)
    except (OSError, RuntimeError, ValueError) as error:
        raise WriteFailed(f"{tree.filename}: /{_NAME} could not be made: {error}") from error
    return tree.node(f"/{_NAME}")


def _require_read_by_link(field: Field) -> None:
    # VTK takes such an axis for none, and then misses one in the dataset.
    if 1 in field.shape:
        raise InvalidArgument(
            f"{field.path}: of the shape {field.shape}, VTKHDF cannot show the axis of one "
            "element: use to_xdmf, or store it without that axis"
        )
    if field.times is not None and len(field.times.values) == 1:
        raise InvalidArgument(
            f"{field.path} has one time, and VTKHDF shows two or more: use to_xdmf"
        )


def _present(tree: Tree) -> Group | None:
    """Give the group that is there, if it is one of ours; a link to another file is not."""
    if link_of(tree.root._h5, _NAME) is None:
        return None
    group = tree.node(f"/{_NAME}")
    try:
        ours = (
            isinstance(group, Group)
            and read_attribute(group._h5, "Type") == _TYPE
            and isinstance(group[_ARRAYS], Group)
            and all(isinstance(array, SoftLink) for array in group[_ARRAYS])
            and (_TIMES not in group or isinstance(group[f"{_TIMES}/{_ROWS}"], Group))
        )
    except LongtakeError:
        ours = False
    if not ours:
        raise AlreadyExists(f"{tree.filename} has a /{_NAME} of another kind; {_TOLD}")
    return group


def _require_name_free(group: Group, field: Field) -> None:
    arrays = group[_ARRAYS]
    if field.name in arrays and arrays[field.name].target != field.path:
        raise AlreadyExists(
            f"/{_NAME} shows {arrays[field.name].target} as {field.name!r} already: give "
            f"{field.path} another name="
        )


def _shows_the_same(group: Group, grid: Grid, field: Field) -> bool:
    """Whether a group has the points and times of an array."""
    try:
        same = all(
            np.array_equal(read_attribute(group._h5, name), value)
            for name, value in _place(grid).items()
        )
        if not same or (_TIMES in group) != (field.times is not None):
            return False
        if field.times is None:
            return True
        values = group[f"{_TIMES}/Values"]
    except LongtakeError:
        return False
    count = field.times.values.shape
    return (
        isinstance(values, Array)
        and values.shape == count
        and np.array_equal(values[:], field.times.values)
    )


def _place(grid: Grid) -> dict[str, np.ndarray]:
    """Give where the points are, as VTK has it: by x, y, z."""
    last = [side - 1 for side in reversed(grid.shape)]
    return {
        "WholeExtent": np.array([bound for side in last for bound in (0, side)], np.int64),
        "Origin": np.array(grid.origin[::-1]),
        "Spacing": np.array(grid.spacing[::-1]),
        "Direction": np.eye(3).ravel(),
    }


def _make(root: h5py.Group, grid: Grid, field: Field) -> None:
    group: Any = root.create_group(None)  # without a name until it is whole
    group.attrs["Version"] = np.array(_VERSION, np.int64)
    group.attrs["Type"] = np.bytes_(_TYPE)
    for name, value in _place(grid).items():
        group.attrs[name] = value
    rows = None
    if field.times is not None:
        steps = group.create_group(_TIMES)
        steps.attrs["NSteps"] = np.int64(len(field.times.values))
        steps["Values"] = field.times.values
        rows = steps.create_group(_ROWS)
    _link(group.create_group(_ARRAYS), rows, field)
    if link_of(root, _NAME) is not None:
        root.id.unlink(_NAME.encode())
    root[_NAME] = group


def _add_to(group: Any, field: Field) -> None:
    rows = None if field.times is None else group[f"{_TIMES}/{_ROWS}"]._h5
    _link(group[_ARRAYS]._h5, rows, field)


def _link(arrays: h5py.Group, rows: h5py.Group | None, field: Field) -> None:
    for group in (arrays, rows):
        if group is not None and link_of(group, field.name) is not None:
            group.id.unlink(field.name.encode())
    if rows is not None and field.times is not None:
        rows[field.name] = field.times.rows
    arrays[field.name] = h5py.SoftLink(field.path)
