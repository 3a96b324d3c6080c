"""The kinds of nodes, by the names that PyTables' users know."""

from __future__ import annotations

from typing import Any

from longtake.errors import InvalidArgument

_KINDS = frozenset(
    {"Node", "Group", "Leaf", "Array", "CArray", "EArray", "Table", "VLArray", "UnImplemented"}
    | {"Link", "SoftLink", "ExternalLink"}
)


def is_of_kind(node: Any, kind: str | type) -> bool:
    """Whether a node is of a kind, such as ``"Leaf"``, or of a kind of that.

    Raises
    ------
    InvalidArgument
        If there is no such kind.
    """
    name = kind if isinstance(kind, str) else kind.__name__
    if name not in _KINDS:
        raise InvalidArgument(
            f"there are no nodes of the kind {kind!r}; there are {sorted(_KINDS)}"
        )
    return any(base.__name__ == name for base in type(node).__mro__)
