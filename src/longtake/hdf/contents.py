"""What is in any HDF5 file, and how much of it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile
from longtake.hdf.cut_short import bytes_past
from longtake.hdf.foreign_filters import forestall_others, make_readable

if TYPE_CHECKING:
    from pathlib import Path

#: What h5py raises where HDF5 cannot make sense of a file.
UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError)
_BLOCK_BYTES = 16 * 1024 * 1024


def contents(path: Path, end: int | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read all of an HDF5 file; give the datasets that can be read, and what of them cannot.

    Parameters
    ----------
    path : pathlib.Path
    end : int, optional
        What lies past this byte was cut off, and zeros were put in its place.

    Raises
    ------
    DamagedFile
        If nothing of it can be read.
    """
    kept: list[str] = []
    lost: list[str] = []
    forestall_others()
    try:
        with h5py.File(path, "r") as h5:
            waiting, seen = list(h5), set()
            while waiting:
                name = waiting.pop(0)
                try:
                    found = _member(h5, name, seen)
                    if isinstance(found, h5py.Group):
                        waiting += [f"{name}/{member}" for member in found]
                    elif isinstance(found, h5py.Dataset):
                        _read_through(found)
                        kept.append(f"/{name}: {found.shape} {found.dtype}")
                        lost += [] if end is None else _cut_off(name, found, end)
                except UNREADABLE as error:
                    lost.append(f"/{name}: {error}")
    except UNREADABLE as error:
        raise DamagedFile(
            f"{path} cannot be read even when it is no longer marked as being written ({error}): "
            "its structure had not reached the disk"
        ) from error
    return tuple(kept), tuple(lost)


def _member(h5: h5py.File, name: str, seen: set[int]) -> Any:
    """Open one member of a file; None for links to elsewhere, and for what was seen before."""
    if not isinstance(h5.get(name, getlink=True), h5py.HardLink):
        return None
    found: Any = h5[name]
    address = h5o.get_info(found.id).addr
    if address in seen:
        return None
    seen.add(address)
    return found


def _cut_off(name: str, dataset: h5py.Dataset, end: int) -> list[str]:
    past, total = bytes_past(dataset, end)
    if not past:
        return []
    return [f"/{name}: {past} of its {total} bytes, which were cut off and read as zeros now"]


def _read_through(dataset: h5py.Dataset) -> None:
    make_readable(dataset.id.get_create_plist())
    if not dataset.shape:
        return
    rows = max(1, dataset.shape[0])
    most = max(1, _BLOCK_BYTES * rows // max(1, int(dataset.nbytes)))
    for first in range(0, dataset.shape[0], most):
        dataset[first : first + most]
