"""Files inside an HDF5 file: written, read and sought like any other.

    with open_file("storage.h5", "w") as h5:
        with new_node(h5, where="/", name="notes") as file:
            file.write(b"A line.")

A file is a node that PyTables' filenode reads and appends to: a growing array of bytes that is
marked as a file. Its chunk is as large as the file, up to a megabyte, so that small files take
little more than their bytes. Millions of small files are written many times as fast into one group
of packed files, which PyTables shows as arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import AlreadyExists, InvalidArgument, WrongType
from longtake.tree.files.folder_export import export_folder
from longtake.tree.files.folder_import import import_folder
from longtake.tree.files.node_bytes import NodeBytes
from longtake.tree.files.node_file import buffered, kind_of, require_text_mode
from longtake.tree.files.node_type import FILE, create_file, is_file, node_type
from longtake.tree.files.packed_files import PackedFiles, require_path
from longtake.tree.files.packed_groups import create_packed, is_packed, open_packed
from longtake.tree.files.taking_place import give_name
from longtake.tree.filters import require_filters
from longtake.tree.link_nodes import SoftLink
from longtake.tree.node import Node

if TYPE_CHECKING:
    from longtake.tree.file import File
    from longtake.tree.filters import Filters

__all__ = [
    "PackedFiles",
    "create_packed",
    "export_folder",
    "import_folder",
    "new_node",
    "open_node",
    "open_packed",
]


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
    packed: bool = False,
) -> Any:
    """Make a file in a group of an HDF5 file, and open it to write and read.

    Parameters
    ----------
    h5file : File
        Open to write.
    where : str or Group
        In a group of packed files, the file becomes one of them.
    name : str
        Any name that a node may have: ``"small 1.png"`` too.
    title : str
        Packed files have none.
    filters : Filters, optional
        How it is compressed; as the file's others, if none are given.
    mode : str
        ``"w+"``, bytes; ``"w+t"`` for text.
    encoding, newline
        Of text, as of `open`.
    packed : bool
        Make the group one of packed files, if it is not there.

    Returns
    -------
    file object
        As of `io`; ``file.node`` is the node, and ``file.attrs`` are its attributes: of a packed
        file, those of its group. What was not closed is written by the HDF5 file's ``flush`` and
        ``close``.

    Raises
    ------
    AlreadyExists
        If there is a node, or a packed file, of that name.
    WrongType
        If it is to be packed in a group that has nodes in it.

    Examples
    --------
    >>> import tempfile, os, longtake.tree as tt
    >>> h5 = tt.open_file(os.path.join(tempfile.mkdtemp(), "a.h5"), "w")
    >>> with new_node(h5, where="/photos", name="2026/rain.txt", packed=True) as file:
    ...     count = file.write(b"It rained.")
    >>> open_node(h5.root.photos, name="2026/rain.txt").read()
    b'It rained.'
    >>> h5.close()
    """
    kind_of(mode)
    require_text_mode(mode, encoding, newline)
    if packed:
        require_path(name)
        require_filters(filters)
    files = _packed_at(h5file, where, filters if packed else None, is_wanted=packed)
    if files is not None:
        if title:
            raise InvalidArgument(f"{name!r} is to be packed, and packed files have no title")
        if name in files:
            raise AlreadyExists(f"{files.node} has {name!r} already; choose another name")
        return files.open(name, mode, encoding=encoding, newline=newline)
    with h5file._place(where, name, title, filters, createparents=createparents) as group:
        made = create_file(group._h5.id, title, filters or group._v_filters, 1)
        give_name(group._h5.id, name, made)
    # The file is new now, as "x" asks for.
    return open_node(group[name], mode.replace("x", "w"), encoding=encoding, newline=newline)


def open_node(
    node: Any,
    mode: str = "r",
    *,
    name: str | None = None,
    encoding: str | None = None,
    newline: str | None = None,
) -> Any:
    """Open a file that is a node of an HDF5 file, or one of packed files.

    Parameters
    ----------
    node : Array
        Made by `new_node`, or by PyTables; or the group that it is in.
    mode : str
        As of `open`: ``"r"``, ``"r+"``, ``"w"``, ``"a"``, each with ``"+"`` to do both, and with
        ``"t"`` for text. Without, what is read are bytes.
    name : str, optional
        Of a file in the group that `node` is, packed or not.
    encoding, newline
        Of text, as of `open`.

    Raises
    ------
    InvalidArgument, WrongType
        If there is no such mode, or the node is no file.
    NodeNotFound, PackedFileNotFound
        KeyErrors, if there is no file of that name.
    NoPermission
        If it is to be written, and the HDF5 file was opened to read.
    FileInUse
        If it is to be written, and is open to write already.

    Guarantees
    ----------
    A file of up to a megabyte, and one written from its beginning, is made anew when it is flushed,
    and what was there stays until then; a larger one is changed where it is. Who has such a small
    one open to read goes on with what was there; of one that is larger and was made anew, reading
    raises `FileChangedElsewhere`. Writing to one that was moved or removed raises `Closed`.
    """
    kind = kind_of(mode)
    require_text_mode(mode, encoding, newline)
    if not isinstance(node, Node):
        raise WrongType(f"a file is given as a node of an HDF5 file, not as {node!r}")
    node = node.dereference() if isinstance(node, SoftLink) else node
    if name is not None and is_packed(node):
        files = open_packed(node)
        files.size(name)  # raises if there is none
        return files.open(name, mode, encoding=encoding, newline=newline)
    if name is not None:
        return open_node(node[name], mode, encoding=encoding, newline=newline)
    if not is_file(node):
        marked = node_type(node)
        raise WrongType(f"{node} is no file: bytes whose NODE_TYPE is {FILE!r}, not {marked!r}")
    if kind[0] == "x":
        raise AlreadyExists(f"{node} is there already; mode='w' writes it anew")
    if kind != "r":
        node._require_writable()
    return buffered(NodeBytes(node, kind), mode, encoding, newline)


def _packed_at(
    h5file: File, where: Any, filters: Filters | None, *, is_wanted: bool
) -> PackedFiles | None:
    """Give the packed files of a group; make it, if they are wanted; None if it is another."""
    path = where if isinstance(where, str) else where._v_pathname
    if path in h5file:
        group = h5file.get_node(path)
        if is_packed(group):
            h5file._tree.require_writable()
            return open_packed(group)
    if not is_wanted:
        return None
    return create_packed(h5file, path, filters=filters, createparents=True)
