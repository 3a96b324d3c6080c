"""Files and folders made at a path of an HDF5 file, packed or not, as is the group they are in."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from longtake.tree.files.packed_groups import is_packed, open_packed
from longtake.tree.files.whole_file import write_whole
from longtake.tree.link_nodes import SoftLink
from longtake.tree.node_names import require_name

if TYPE_CHECKING:
    from longtake.tree.file import File
    from longtake.tree.group import Group


def store(h5: File, path: str, content: IO[bytes], size: int, modified: int) -> None:
    """Write a file as a whole, in place of one that is there, and make the groups it is in."""
    group, rest = _nearest(h5, path)
    if is_packed(group):
        open_packed(group).write("/".join(rest), content.read(), modified=modified)
        return
    write_whole(_made(group, rest[:-1]), rest[-1], content, size, modified, h5.filters)


def make_folder(h5: File, path: str) -> None:
    """Make a folder, and the groups it is in."""
    group, rest = _nearest(h5, path)
    if is_packed(group):
        open_packed(group)[f"{'/'.join(rest)}/"] = b""
    else:
        _made(group, rest)


def rename(h5: File, node: Any, path: str) -> bool:
    """Move a node, in place of a file that is there; say no if it would be among packed files."""
    group, rest = _nearest(h5, path)
    if is_packed(group):
        return False
    node._f_move(_made(group, rest[:-1]), rest[-1], overwrite=True)
    return True


def require_names(path: str) -> None:
    """Raise if a step of a path is no name that a node can have."""
    for step in path.strip("/").split("/"):
        require_name(step)


def _nearest(h5: File, path: str) -> tuple[Group, list[str]]:
    """Give the last group on the way to a path, and the names that follow; at least one."""
    group, steps = h5.root, path.strip("/").split("/")
    for number, step in enumerate(steps):
        if is_packed(group) or number == len(steps) - 1 or step not in group:
            return group, steps[number:]
        group = _followed(group[step])
    return group, []


def _made(group: Group, steps: list[str]) -> Group:
    for step in steps:
        group = _followed(group[step]) if step in group else group._make_group(step, "")
    return group


def _followed(node: Any) -> Any:
    return node.dereference() if isinstance(node, SoftLink) else node
