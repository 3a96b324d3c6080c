"""The way to a group that may have to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import WrongType
from longtake.tree.files.packed_groups import is_packed
from longtake.tree.group import Group
from longtake.tree.node_names import require_name

if TYPE_CHECKING:
    from longtake.tree.file import File


def node_and_name(h5file: File, path: str) -> tuple[Any, str | None]:
    """Give the node at a path; of a path into packed files, their group and the rest of it."""
    if not path.startswith("/"):
        raise WrongType(f"the path of a node begins with '/': {'/' + path!r}, not {path!r}")
    node: Any = h5file.root
    steps = path.strip("/").split("/") if path.strip("/") else []
    for number, step in enumerate(steps):
        if is_packed(node):
            return node, "/".join(steps[number:])
        node = node[step]
        if hasattr(node, "dereference"):
            node = node.dereference()
        if not isinstance(node, Group):  # what is left is asked of it, and refused there
            return h5file.get_node(path), None
    return node, None


def group_at(h5file: File, where: str) -> Group | None:
    """Give the group at a path, None if it can be made there.

    Raises
    ------
    WrongType, InvalidArgument
        If it cannot: the path leads through something that is no group, or a name is none.
    """
    if not where.startswith("/"):
        raise WrongType(f"the path of a group begins with '/': {'/' + where!r}, not {where!r}")
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
