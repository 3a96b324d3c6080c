"""Names and paths of nodes."""

from __future__ import annotations

from longtake.errors import InvalidArgument, WrongType

_MOST_NAME_BYTES = 60_000


def is_below(name: str, path: str) -> bool:
    """Whether a path is another, or leads to something below it."""
    return f"{name}/".startswith(f"{path}/")


def require_name(name: object) -> None:
    """Raise if HDF5 cannot have a node of that name."""
    if not isinstance(name, str):
        raise WrongType(f"the name of a node is text, not {name!r}")
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise InvalidArgument(f"{name!r} cannot be the name of a node: no '/', no NUL, not empty")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name!r} cannot be the name of a node: {error}") from error
    if size > _MOST_NAME_BYTES:
        raise InvalidArgument(f"a name of {size} bytes is too long: {name[:40]!r}…")
