"""Attributes of HDF5 objects: any plain value in, the same value out, as PyTables keeps them.

A value that HDF5 can say exactly is written in HDF5's own types, which every program reads: text
as fixed-length UTF-8, bytes, numbers, arrays of numbers, booleans as bit fields. Other plain
values are written as `plain.encode_plain` gives them. Nothing that a file holds is ever run.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, InvalidArgument, LongtakeError, NotFound, WriteFailed
from longtake.hdf.pickle_instructions import MalformedPickle
from longtake.hdf.plain import check_plain, encode_plain
from longtake.hdf.plain_decode import decode_plain

#: An HDF5 object of either of h5py's interfaces.
Node = h5py.Group | h5py.Dataset | h5py.h5g.GroupID | h5py.h5d.DatasetID

_SCALAR = h5s.create(h5s.SCALAR)
_NULL = h5s.create(h5s.NULL)
_NATIVE_KINDS = "biufcS"
#: Bytes for an attribute to grow by; all of them must fit in an object's header, 64 KiB.
_LEAST_ROOM, _MOST_ROOM = 256, 60_000


def write_attribute(node: Node, name: str, value: object) -> None:
    """Set an attribute of a group or dataset; one of that name is replaced.

    Parameters
    ----------
    node
        An h5py group, file or dataset, or the low-level identifier of one.
    name
        Any text without NUL.
    value
        A plain value: see `longtake.hdf.plain.encode_plain`.

    Raises
    ------
    WrongType, InvalidArgument
        If the value is not plain, or the name cannot be used; nothing was written.
    WriteFailed
        If HDF5 could not write it: the disk is full, or the file too old for so large a value.

    Examples
    --------
    >>> import h5py
    >>> file = h5py.File.in_memory()
    >>> write_attribute(file, "operator", "Zoë")
    >>> write_attribute(file, "gains", {"red": 1.5, "blue": None})
    >>> read_attribute(file, "operator"), read_attribute(file, "gains")
    ('Zoë', {'red': 1.5, 'blue': None})
    """
    if not name or "\0" in name:
        raise InvalidArgument(f"an attribute cannot be called {name!r}")
    write_packed(node, name, pack(value))


#: A value ready to be written: its type and extent in the file, and its bytes.
Packed = tuple[h5t.TypeID, h5s.SpaceID, np.ndarray | None]


def pack(value: object) -> Packed:
    """Choose how HDF5 says a value. What is packed can be written many times, cheaply."""
    if isinstance(value, str):
        return _pack_text(value)
    if isinstance(value, bytes):
        return _pack_bytes(value)
    if type(value) in {bool, int, float, complex}:
        array = np.asarray(value)
        return _pack_plain(value) if array.dtype.kind == "O" else _pack_array(array)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _NATIVE_KINDS:
        check_plain(value)
        return _pack_array(np.asarray(value))
    return _pack_plain(value)


def add_with_room(node: Node, name: str, value: object) -> None:
    """Set an attribute that may grow later: by half, and then still takes the same place."""
    kind, space, data = pack(value)
    if isinstance(kind, h5t.TypeStringID) and data is not None:
        size = kind.get_size()
        kind.set_size(max(size, min(size + max(_LEAST_ROOM, size // 2), _MOST_ROOM)))
        data = data.astype(f"S{kind.get_size()}")
    add_packed(node, name, (kind, space, data))


def write_packed(node: Node, name: str, packed: Packed) -> None:
    """Write a value that `pack` gave; one of that name is replaced."""
    where, key = _identifier(node), name.encode()
    if not h5a.exists(where, key):
        add_packed(node, name, packed)
        return
    if _write_over(h5a.open(where, key), packed):
        return
    # The old value stays until the new one is written.
    add_packed(node, f"{name} (new)", packed)
    try:
        h5a.delete(where, key)
        h5a.rename(where, key + b" (new)", key)
    except (OSError, RuntimeError) as error:
        raise WriteFailed(f"attribute {name!r} could not be replaced: {error}") from error


def _write_over(attribute: h5a.AttrID, packed: Packed) -> bool:
    """Write a value where the old one is, if it fits there; say if it did.

    Nothing else in the object's header moves then.
    """
    kind, space, data = packed
    old_kind, old_space = attribute.get_type(), attribute.get_space()
    if data is None or old_space.get_simple_extent_type() == h5s.NULL:
        return False
    if old_space.shape != space.shape:
        return False
    if isinstance(kind, h5t.TypeStringID) and isinstance(old_kind, h5t.TypeStringID):
        size = old_kind.get_size()
        kind = kind.copy()
        if old_kind.is_variable_str() or size < kind.get_size():
            return False
        kind.set_size(size)
        data = data.astype(f"S{size}")
    if not old_kind.equal(kind):
        return False
    try:
        attribute.write(data, mtype=kind)
    except (OSError, RuntimeError) as error:
        raise WriteFailed(f"an attribute could not be written: {error}") from error
    return True


def add_packed(node: Node, name: str, packed: Packed) -> None:
    """Write a value that `pack` gave to an object that has no attribute of that name."""
    kind, space, data = packed
    try:
        attribute = h5a.create(_identifier(node), name.encode(), kind, space)
        if data is not None:
            attribute.write(data, mtype=kind)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise WriteFailed(f"attribute {name!r} could not be written: {error}") from error


def read_attribute(node: Node, name: str) -> Any:
    """Give the value of an attribute, whoever wrote it.

    Text comes as str, bytes as bytes, a number as a numpy scalar of its type, an array as a numpy
    array, and a plain container as itself.

    Raises
    ------
    NotFound
        If there is no attribute of that name.
    DamagedFile
        If the attribute holds a pickle of more than plain data (it was not run), or cannot be read.
    """
    where, key = _identifier(node), name.encode()
    if not h5a.exists(where, key):
        raise NotFound(f"there is no attribute {name!r}")
    try:
        attribute = h5a.open(where, key)
        return _read(attribute)
    except DamagedFile as error:
        raise DamagedFile(f"attribute {name!r}: {error}") from None
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise DamagedFile(f"attribute {name!r} cannot be read: {error}") from error


def _read(attribute: h5a.AttrID) -> Any:
    kind, space = attribute.get_type(), attribute.get_space()
    if space.get_simple_extent_type() == h5s.NULL:
        return "" if isinstance(kind, h5t.TypeStringID) else h5py.Empty(attribute.dtype)
    if isinstance(kind, h5t.TypeStringID):
        return _read_text(attribute, kind)
    array = np.empty(attribute.shape, attribute.dtype)
    if isinstance(kind, h5t.TypeBitfieldID):
        attribute.read(array, mtype=kind)
        return array.astype(bool)[()]
    attribute.read(array)
    return array[()]


def _read_text(attribute: h5a.AttrID, kind: h5t.TypeStringID) -> Any:
    is_text = kind.get_cset() == h5t.CSET_UTF8
    if kind.is_variable_str():
        array = np.empty(attribute.shape, h5py.string_dtype())
        attribute.read(array)
        strings = [_decoded(item) for item in array.ravel().tolist()]
        return np.array(strings, "U").reshape(array.shape) if array.shape else strings[0]
    # Read as it stands, so that a file's last byte is not taken for an end mark.
    array = np.empty(attribute.shape, f"S{kind.get_size()}")
    attribute.read(array, mtype=kind)
    if array.shape:
        return np.char.decode(array, "utf-8") if is_text else array
    content = bytes(array[()])
    if is_text:
        return _decoded(content)
    return _plain_or_bytes(content) if content.endswith(b".") else content


def _decoded(content: Any) -> str:
    return content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")


def _plain_or_bytes(content: bytes) -> Any:
    try:
        return decode_plain(content)
    except MalformedPickle:
        return content


def _pack_text(text: str) -> Packed:
    if not text:
        return _text_type(1, h5t.CSET_UTF8), _NULL, None
    try:
        content = text.encode()
    except UnicodeEncodeError:
        return _pack_plain(text)
    if "\0" in text:
        return _pack_plain(text)
    return _text_type(len(content), h5t.CSET_UTF8), _SCALAR, np.array(content)


def _pack_bytes(content: bytes) -> Packed:
    # HDF5's fixed-length bytes lose zeros at the end, and PyTables takes what ends like a pickle
    # for one.
    if content.endswith(b"\0") or _looks_pickled(content):
        return _pack_plain(content)
    return _text_type(len(content) or 1, h5t.CSET_ASCII), _SCALAR, np.array(content, "S")


def _looks_pickled(content: bytes) -> bool:
    if not content.endswith(b"."):
        return False
    try:
        decode_plain(content)
    except MalformedPickle:
        return False
    except LongtakeError:
        return True
    return True


def _pack_plain(value: object) -> Packed:
    content = encode_plain(value)
    return _text_type(len(content), h5t.CSET_ASCII), _SCALAR, np.array(content)


def _pack_array(array: np.ndarray) -> Packed:
    space = h5s.create_simple(array.shape) if array.shape else _SCALAR
    if array.dtype.kind == "b":
        return h5t.NATIVE_B8, space, np.ascontiguousarray(array.view("u1")).reshape(array.shape)
    kind = h5t.py_create(array.dtype, logical=False)
    return kind, space, np.ascontiguousarray(array).reshape(array.shape)


def _text_type(size: int, character_set: int) -> h5t.TypeID:
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    kind.set_strpad(h5t.STR_NULLPAD)
    kind.set_cset(character_set)
    return kind


def _identifier(node: Node) -> Any:
    return node.id if isinstance(node, h5py.Group | h5py.Dataset) else node
