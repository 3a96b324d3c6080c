"""XDMF: a small text file beside an HDF5 file that tells ParaView what the arrays in it are."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    NoPermission,
    NotFound,
    WriteFailed,
)
from longtake.tree.paraview.field import arrays_of, field_of
from longtake.tree.paraview.grid import grid_of
from longtake.tree.paraview.xdmf_document import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.tree.paraview.field import Field

#: The reader's time to open a file goes with the square of their number.
_MOST_GRIDS = 20_000
_LOOKED_AT = 1024


def to_xdmf(
    node: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    spacing: float | Sequence[float] = 1.0,
    origin: float | Sequence[float] = 0.0,
    times: Any = None,
) -> Path:
    """Write a file that opens an array in ParaView, which reads the numbers from the HDF5 file.

    The HDF5 file stays as it is. For thousands of frames `add_vtkhdf` serves better: ParaView's
    time to open the text goes with the square of their number.

    Parameters
    ----------
    node : Array, list of Array, or Group
        An image (y, x) or a volume (z, y, x); with times, (time, y, x) or (time, z, y, x). Several
        arrays of one shape become attributes of one grid; of a group, all that have two axes or
        more.
    path : str or path, optional
        The file to write; as the HDF5 file, with ``.xmf``, if none is given. An XDMF file that is
        there is replaced; nothing else is.
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
    pathlib.Path
        The file that was written. It names the HDF5 file by its place relative to itself, so both
        may be moved together.

    Raises
    ------
    WrongType
        If what the node holds is not shown by VTK: text, truth values, complex numbers, a table.
    InvalidArgument
        If it has other dimensions, too many times (20,000), or a name that XDMF cannot say (with
        a colon in its path); or an argument does not fit.
    AlreadyExists
        If there is a file at `path` that is not XDMF.

    Guarantees
    ----------
    Only rows in use at this moment are shown; write it again when there are more. A file that is
    replaced is so in one step. Numbers come out as they are, in another type where the reader has
    none: 16-bit ones without sign have 32 bits in VTK, uint64 are int64, and cut off at 2**63 - 1
    (`add_vtkhdf` shows them all).

    Compressed by Blosc or Blosc2, the numbers are found by ParaView only where it was started with
    the environment's HDF5_PLUGIN_PATH set to ``hdf5plugin.PLUGIN_PATH``; else they are garbage.

    Examples
    --------
    >>> import tempfile, os
    >>> from longtake.tree import open_file
    >>> with open_file(os.path.join(tempfile.mkdtemp(), "a.h5"), "w") as file:
    ...     field = file.create_array("/", "field", [[0.5, 1.5], [2.5, 3.5]])
    ...     to_xdmf(field, spacing=(0.25, 0.125)).name
    'a.xmf'
    """
    arrays = arrays_of(node)
    if len({array._tree.filename for array in arrays}) > 1:
        raise InvalidArgument("the arrays are of several HDF5 files: write a file for each")
    if name is not None and len(arrays) > 1:
        raise InvalidArgument(f"name={name!r} is for one array, and there are {len(arrays)}")
    fields = [field_of(array, name, times) for array in arrays]
    _require_alike(fields)
    grid = grid_of(fields[0].shape, spacing, origin)
    h5 = Path(arrays[0]._tree.filename)
    target = h5.with_suffix(".xmf") if path is None else Path(path)
    _require_replaceable(target, h5)
    _write(document(fields, grid, h5.stem, _relative(h5, target)), target)
    return target


def _require_alike(fields: list[Field]) -> None:
    first = fields[0]
    for other in fields[1:]:
        same_times = other.times is first.times or (
            first.times is not None and first.times.are(other.times)
        )
        if other.shape != first.shape or not same_times:
            raise InvalidArgument(
                f"{first.path} {first.shape} and {other.path} {other.shape} are not on one grid at "
                "the same times: write a file for each"
            )
        if [field.name for field in fields].count(other.name) > 1:
            raise InvalidArgument(f"two arrays are called {other.name!r}: write a file for each")
    count = len(fields) * (1 if first.times is None else len(first.times.values))
    if count > _MOST_GRIDS:
        raise InvalidArgument(
            f"{first.path} at {count} times is more than the {_MOST_GRIDS} that ParaView opens "
            "from XDMF within minutes: add_vtkhdf has no such limit"
        )


def _require_replaceable(target: Path, h5: Path) -> None:
    if not h5.is_file():
        raise NotFound(f"there is no file {h5}: XDMF is for arrays of a file on the disk")
    if not target.parent.is_dir():
        raise NotFound(f"there is no folder {target.parent} for {target.name}")
    if not target.exists():
        return
    if target.is_dir() or target.samefile(h5) or b"<Xdmf" not in _beginning(target):
        raise AlreadyExists(f"{target} exists and is not XDMF: give another path")


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LOOKED_AT)
    except OSError as error:
        raise NoPermission(error.errno, f"{file} cannot be replaced: {error.strerror}") from error


def _relative(h5: Path, target: Path) -> str:
    # Folders as they are, or "..", behind a link to one, would lead elsewhere.
    return os.path.relpath(h5.parent.resolve() / h5.name, target.parent.resolve())


def _write(made: ET.Element, target: Path) -> None:
    draft = target.with_name(f".longtake-{os.getpid()}-{threading.get_ident()}.xmf")
    try:
        ET.indent(made)
        ET.ElementTree(made).write(draft, encoding="utf-8", xml_declaration=True)
        draft.replace(target)
    except OSError as error:
        known = NoPermission if isinstance(error, PermissionError) else WriteFailed
        raise known(error.errno, f"{target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
