"""Groups of the NeXus form, for results that other programs plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def create_nxentry(fh: h5py.Group, name: str, default: bool = True) -> h5py.Group:  # noqa: FBT001, FBT002
    """Make an NXentry group; by default the one that programs show first.

    Examples
    --------
    >>> import tempfile, os
    >>> with h5py.File(os.path.join(tempfile.mkdtemp(), "results.h5"), "w") as file:
    ...     entry = create_nxentry(file, "entry")
    ...     file.attrs["default"], entry.attrs["NX_class"]
    ('entry', 'NXentry')
    """
    return _create(fh, name, "NXentry", is_default=default)


def create_nxdata(e: h5py.Group, name: str, default: bool = True) -> h5py.Group:  # noqa: FBT001, FBT002
    """Make an NXdata group in an entry; by default the one that programs show first."""
    return _create(e, name, "NXdata", is_default=default)


def copy_nexus_axes(
    nxd_in: h5py.Group,
    nxd_out: h5py.Group,
    scan_rank: int,
    frame_axes: Sequence[str] | None = None,
) -> None:
    """Give the results of a scan the axes that its frames have.

    Parameters
    ----------
    nxd_in : h5py.Group
        An NXdata group, of the frames.
    nxd_out : h5py.Group
        An NXdata group, of the results. It gets the names of the axes, ``.`` where there is none,
        the datasets of the scan's axes, and where those belong.
    scan_rank : int
        How many dimensions the scan has.
    frame_axes : sequence of str, optional
        What the axes of the results themselves are called.
    """
    known = nxd_in.attrs.get("axes")
    names = [] if known is None else [_text(name) for name in np.atleast_1d(known)]
    axes = (names + ["."] * scan_rank)[:scan_rank]
    nxd_out.attrs["axes"] = np.array([*axes, *(frame_axes or [])], h5py.string_dtype())
    for axis in axes:
        if axis == "." or axis not in nxd_in:
            continue
        nxd_in.copy(axis, nxd_out)
        where = f"{axis}_indices"
        if where in nxd_in.attrs:
            nxd_out.attrs[where] = nxd_in.attrs[where]


def _create(group: h5py.Group, name: str, kind: str, *, is_default: bool) -> h5py.Group:
    made = group.create_group(name)
    made.attrs["NX_class"] = kind
    if is_default:
        group.attrs["default"] = name
    return made


def _text(name: object) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
