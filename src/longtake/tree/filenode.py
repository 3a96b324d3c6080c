"""Files inside an HDF5 file: written, read and sought like any other.

    with open_file("storage.h5", "w") as h5:
        with new_node(h5, where="/", name="notes") as file:
            file.write(b"A line.")

A file is a node that PyTables' filenode reads and appends to: a growing array of bytes that is
marked as a file. Its chunk is as large as the file, up to a megabyte, so that small files take
little more than their bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from longtake.errors import InvalidArgument, WrongType
from longtake.tree import creation
from longtake.tree.folder_export import export_folder
from longtake.tree.folder_import import import_folder
from longtake.tree.node_bytes import NodeBytes
from longtake.tree.node_type import FILE, is_file, node_type

if TYPE_CHECKING:
    from longtake.tree.file import File
    from longtake.tree.filters import Filters

__all__ = ["export_folder", "import_folder", "new_node", "open_node"]

_BUFFER = 128 * 1024
#: What a mode asks of the file: to read, to write, and where writing begins.
_MODES = {"r", "r+", "w", "w+", "x", "x+", "a", "a+"}


def new_node(
    h5file: File,
    *,
    where: Any = "/",
    name: str,
    title: str = "",
    filters: Filters | None = None,
    mode: str = "w+",
    encoding: str | None = None,
    newline: str | None = None,
    createparents: bool = False,
) -> Any:
    """Make a file in a group of an HDF5 file, and open it to write and read.

    Parameters
    ----------
    h5file : File
        Open to write.
    where : str or Group
    name : str
        Any name that a node may have: ``"small 1.png"`` too.
    title : str
    filters : Filters, optional
        How it is compressed; as the file's others, if none are given.
    mode : str
        ``"w+"``, bytes; ``"w+t"`` for text.
    encoding, newline
        Of text, as of `open`.

    Returns
    -------
    file object
        As of `io`; ``file.node`` is the node, and ``file.attrs`` are its attributes.

    Raises
    ------
    AlreadyExists
        If there is a node of that name.
    """
    group = h5file._parent(where, name, createparents=createparents)
    how = filters or h5file.filters
    creation.create_file(group._h5.id, name, title, how, 1)
    return open_node(group[name], mode, encoding=encoding, newline=newline)


def open_node(
    node: Any, mode: str = "r", *, encoding: str | None = None, newline: str | None = None
) -> Any:
    """Open a file that is a node of an HDF5 file.

    Parameters
    ----------
    node : Array
        Made by `new_node`, or by PyTables.
    mode : str
        As of `open`: ``"r"``, ``"r+"``, ``"w"``, ``"a"``, each with ``"+"`` to do both, and with
        ``"t"`` for text. Without, what is read are bytes.
    encoding, newline
        Of text, as of `open`.

    Raises
    ------
    InvalidArgument, WrongType
        If there is no such mode, or the node is no file.
    NoPermission
        If it is to be written, and the HDF5 file was opened to read.
    """
    kind = mode.replace("b", "").replace("t", "")
    if kind not in _MODES or ("t" in mode and "b" in mode):
        raise InvalidArgument(f"mode={mode!r}: it is one of {', '.join(sorted(_MODES))}, or with t")
    node = node.dereference() if hasattr(node, "dereference") else node
    if not is_file(node):
        marked = node_type(node)
        raise WrongType(f"{node} is no file: bytes whose NODE_TYPE is {FILE!r}, not {marked!r}")
    if "+" in kind or kind != "r":
        node._tree.require_writable()
    raw = NodeBytes(node, kind)
    made = FileReader if kind == "r" else FileNode if "+" in kind else FileWriter
    file = made(raw, _BUFFER)
    if "t" not in mode:
        return file
    return io.TextIOWrapper(file, encoding=encoding or "utf-8", newline=newline)


class _OfNode:
    """What such a file has besides what `io` asks for."""

    raw: Any

    @property
    def node(self) -> Any:
        """The node in the HDF5 file."""
        return self.raw.node

    @property
    def attrs(self) -> Any:
        """The attributes of the node."""
        return self.node.attrs


class FileReader(_OfNode, io.BufferedReader):
    """A file of bytes inside an HDF5 file, open to read, as of `io`."""


class FileWriter(_OfNode, io.BufferedWriter):
    """The same, open to write."""


class FileNode(_OfNode, io.BufferedRandom):
    """The same, open to read and write."""
