"""The way to a group that may have to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import WrongType
from longtake.tree.files.packed_groups import is_packed
from longtake.tree.group import Group
from longtake.tree.tree import require_name

if TYPE_CHECKING:
    from longtake.tree.file import File


def group_at(h5file: File, where: str) -> Group | None:
    """Give the group at a path, None if it can be made there.

    Raises
    ------
    WrongType, InvalidArgument
        If it cannot: the path leads through something that is no group, or a name is none.
    """
    if not where.startswith("/"):
        raise WrongType(f"a group is given as a node or a path like '/data', not as {where!r}")
    group: Any = h5file.root
    for step in where.strip("/").split("/") if where.strip("/") else ():
        require_name(step)
        if is_packed(group):
            raise WrongType(f"{h5file.filename}: {group._v_pathname} holds packed files, no groups")
        if step not in group:
            return None
        group = group[step]
        if hasattr(group, "dereference"):
            group = group.dereference()
        if not isinstance(group, Group):
            raise WrongType(f"{h5file.filename}: {group._v_pathname} is not a group")
    return group
