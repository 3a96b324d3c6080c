"""The files at or below a node of an HDF5 file, by their paths."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from longtake.errors import DamagedFile
from longtake.tree.files.node_bytes import NodeBytes
from longtake.tree.files.node_type import is_file, modified
from longtake.tree.files.packed_folders import folders_of
from longtake.tree.files.packed_groups import is_packed, open_packed
from longtake.tree.group import Group, identity_of
from longtake.tree.missing import PackedFileNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.tree.files.packed_files import PackedFiles


@dataclass(frozen=True, slots=True)
class Stored:
    """Something below a node.

    Attributes
    ----------
    name : str
        Its path from the node on, with ``/``: as the file says it.
    kind : {"file", "folder", "other"}
    size : int
        Bytes.
    modified : int or None
        Nanoseconds since 1970, UTC, if the file says it.
    open : callable
        Gives the content of a file, to read.
    why : str
        What else it is.
    """

    name: str
    kind: Literal["file", "folder", "other"]
    size: int = 0
    modified: int | None = None
    open: Callable[[], io.IOBase] = io.BytesIO
    why: str = ""


def stored_files(node: Any, name: str | None = None) -> Iterator[Stored]:
    """Go through all that is below a group, each folder before what is in it; or one file.

    With a name, the group is one of packed files, and it is that of one of them, or of a folder.

    A group that hard links lead to from many places is gone through at the first of them, so that
    those in a circle do no harm.
    """
    if not isinstance(node, Group):
        yield _stored(node, node._v_name)
        return
    if is_packed(node):
        yield from _packed(node, "", name)
        return
    seen = {identity_of(node)}
    waiting = [("", node)]
    while waiting:
        prefix, group = waiting.pop()
        groups = []
        for child in group:
            name = f"{prefix}{child._v_name}"
            if not isinstance(child, Group):
                yield _stored(child, name)
            elif identity_of(child) in seen:
                yield Stored(name, "other", why="a group that is elsewhere too")
            else:
                seen.add(identity_of(child))
                yield Stored(name, "folder")
                if is_packed(child):
                    yield from _packed(child, f"{name}/")
                else:
                    groups.append((f"{name}/", child))
        waiting += reversed(groups)


def _stored(node: Any, name: str) -> Stored:
    if not is_file(node):
        return Stored(name, "other", why=type(node).__name__)
    return Stored(name, "file", len(node), modified(node), partial(NodeBytes, node, "r"))


def _packed(group: Group, prefix: str, only: str | None = None) -> Iterator[Stored]:
    files = open_packed(group)
    if only is not None and only in files:
        yield _packed_file(files, only, only.rpartition("/")[2])
        return
    _require_places(files)
    start = f"{only}/" if only else ""
    known: set[str] = set()
    for name in files.below(only or ""):
        short = f"{prefix}{name[len(start) :]}"
        for folder in _unknown_folders(short, known, prefix):
            yield Stored(folder, "folder")
        if not name.endswith("/"):
            yield _packed_file(files, name, short)
    if only and not known and next(files.below(only), None) is None:
        raise PackedFileNotFound(f"{group} has no file and no folder {only!r}")


def _packed_file(files: PackedFiles, name: str, short: str) -> Stored:
    size, when = files.size(name), files.modified(name)
    return Stored(short, "file", size, when, partial(_content, files, name))


def _unknown_folders(name: str, known: set[str], prefix: str) -> list[str]:
    """Give the folders of a name that were not told of yet, each before those in it."""
    new = []
    folder = name.rpartition("/")[0]
    while len(folder) >= len(prefix) and folder and folder not in known:
        known.add(folder)
        new.append(folder)
        folder = folder.rpartition("/")[0]
    return new[::-1]


def _require_places(files: PackedFiles) -> None:
    """Raise if something is a file and a folder: longtake writes no such names, others may."""
    last = ""
    for name in files:
        folder = name.rpartition("/")[0]
        if folder != last:
            for above in folders_of(name.encode("utf-8", "surrogateescape")):
                if above.decode("utf-8", "surrogateescape") in files:
                    raise DamagedFile(
                        f"{files.node}: {above.decode('utf-8', 'replace')!r} is a file and a "
                        "folder too, which no disk can have; nothing was copied"
                    )
            last = folder


def _content(files: PackedFiles, name: str) -> io.BytesIO:
    return io.BytesIO(files[name])
