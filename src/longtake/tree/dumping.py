"""What is in a file or below a node, told as lines or as plain values."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from longtake.errors import LongtakeError
from longtake.tree.files.packed_groups import is_packed, open_packed
from longtake.tree.group import Group, identity_of
from longtake.tree.kinds import is_of_kind
from longtake.tree.link_nodes import Link
from longtake.tree.node import UnImplemented

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

_MOST_ROWS = 20
_MOST_WIDE = 100


def dump(node: Any, *, attributes: bool = False, data: bool = False) -> Iterator[str]:
    """Tell of a node and of all below it, a line or more each.

    Parameters
    ----------
    node : Node
    attributes : bool
        Tell of their attributes too.
    data : bool
        Tell of their values too: of the first and the last rows, where there are many.

    Examples
    --------
    >>> import h5py
    >>> from longtake.tree import File
    >>> with File(h5py.File.in_memory()) as file:
    ...     list(dump(file.root))
    ["/ (RootGroup) ''"]
    """
    for found in _all(node):
        yield _shown(_line(found))
        if attributes:
            yield from _indented(_attributes(found))
        if data and is_of_kind(found, "Leaf"):
            yield from _indented(_data(found))
        if data and is_packed(found):
            yield from _indented(_names(found))


def described_nodes(node: Any, *, attributes: bool = False) -> list[dict[str, Any]]:
    """Give what `dump` tells as plain values, as for JSON."""
    return [_description(found, attributes=attributes) for found in _all(node)]


def _all(node: Any) -> Iterator[Any]:
    """Give a node and all below it, each group with what is in it; a group once."""
    seen: set[Any] = set()
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, Group) and identity_of(found) not in seen:
            seen.add(identity_of(found))
            waiting.extend(reversed(list(found)))


def _line(node: Any) -> str:
    if isinstance(node, UnImplemented):
        return f"{node._v_pathname} (UnImplemented) {node.reason}"
    if is_of_kind(node, "Leaf"):
        return f"{node} {_type(node.dtype)}"
    return f"{node}, of packed files" if is_packed(node) else str(node)


def _type(dtype: np.dtype) -> str:
    if dtype.names is None:
        return str(dtype)
    return "{" + ", ".join(f"{name}: {_type(dtype[name])}" for name in dtype.names) + "}"


def _description(node: Any, *, attributes: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"path": node._v_pathname, "kind": type(node).__name__}
    if isinstance(node, UnImplemented):
        made["reason"] = node.reason
    elif isinstance(node, Link):
        made["target"] = node.target
    elif is_of_kind(node, "Leaf"):
        made |= {"title": node.title, "shape": list(node.shape), "dtype": _type(node.dtype)}
        made |= {"chunkshape": node.chunkshape, "filters": vars(node.filters)}
        made |= {"bytes": node.size_in_memory, "bytes_on_disk": node.size_on_disk}
    else:
        made["title"] = node._v_title
    if attributes:
        made["attributes"] = dict(_attributes_of(node))
    return made


def _attributes_of(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, Link) or node._open_h5 is None:
        return
    found = node._v_attrs
    for name in found:
        try:
            yield name, repr(found[name])
        except LongtakeError as error:
            yield name, f"not readable: {error}"


def _attributes(node: Any) -> Iterator[str]:
    return (f"{name} := {value}" for name, value in _attributes_of(node))


def _data(leaf: Any) -> Iterator[str]:
    try:
        if not leaf.shape or len(leaf) <= _MOST_ROWS:
            yield from str(_corner(leaf, slice(None))).splitlines()
        else:
            half = _MOST_ROWS // 2
            yield from str(_corner(leaf, slice(half))).splitlines()
            yield f"… {len(leaf) - 2 * half} more …"
            yield from str(_corner(leaf, slice(-half, None))).splitlines()
        if any(side > _MOST_WIDE for side in leaf.shape[1:]):
            yield f"… of the other axes, the first {_MOST_WIDE} are shown …"
    except LongtakeError as error:
        yield f"not readable: {error}"


def _names(group: Any) -> Iterator[str]:
    """Give the names of the first of packed files."""
    try:
        files = open_packed(group)
        yield from islice(files, _MOST_ROWS)
        if len(files) > _MOST_ROWS:
            yield f"… {len(files) - _MOST_ROWS} more …"
    except LongtakeError as error:
        yield f"not readable: {error}"


def _corner(leaf: Any, rows: slice) -> Any:
    """Read rows, but of long ones only the beginning."""
    if not leaf.shape:
        return leaf.read()
    return leaf[(rows, *(slice(min(side, _MOST_WIDE)) for side in leaf.shape[1:]))]


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"    {_shown(line)}" for line in lines)


def _shown(text: str) -> str:
    """Give text without what would steer a terminal, or end a line: names may hold anything."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
