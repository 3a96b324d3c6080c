"""Following links inside one file, and only there.

HDF5 itself follows whatever it meets, also into other files that a link names. A file that came
from elsewhere must not decide which files of this machine are opened, so each step is made here.
"""

from __future__ import annotations

import h5py

#: How many soft links may lead on to one another, as in HDF5. Some lead in a circle.
_MAX_HOPS = 16

Link = h5py.HardLink | h5py.SoftLink | h5py.ExternalLink


def link_of(group: h5py.Group, name: str) -> Link | None:
    """Give the link of that name in a group, None if there is none.

    A link of a kind that h5py does not know raises TypeError.
    """
    if name in {"", "."} or "/" in name or "\0" in name:
        return None
    try:
        return group.get(name, getlink=True)  # pyright: ignore[reportReturnType]
    except UnicodeEncodeError:
        return None


def follow(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | h5py.Datatype | str:
    """Open what a link leads to, or say in words why it cannot be opened."""
    at, steps, hops = group, [name], 0
    while steps:
        step = steps.pop()
        if step in {"", "."}:
            continue
        if not isinstance(at, h5py.Group):
            return f"a link through {at.name}, which is not a group"
        try:
            link = link_of(at, step)
            if isinstance(link, h5py.HardLink):
                at = at[step]
                continue
        except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
            return f"it cannot be opened: {error}"
        if isinstance(link, h5py.ExternalLink):
            return f"a link to {link.path} in the file {link.filename}"
        if link is None:
            return f"a link to {step} in {at.name}, which is not there"
        hops += 1
        if hops > _MAX_HOPS:
            return "a link that leads in a circle"
        if link.path.startswith("/"):
            at = at.file["/"]
        steps.extend(reversed(link.path.split("/")))
    return at  # pyright: ignore[reportReturnType]
