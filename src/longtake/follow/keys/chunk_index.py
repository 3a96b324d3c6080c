"""Where the chunks of a stack are, as HDF5's index of them says it: an extensible array.

HDF5 tells of all chunks of a dataset one by one, which takes longer than to read small frames. Of a
stack that grows, whose chunks are frames, the index is an array of addresses in a few blocks of the
file. As in "HDF5 File Format Specification", version 3.0, sections III.E ("Extensible Array"),
IV.A.1.b (object headers, version 2) and IV.A.2.i (the data layout message).
"""

from __future__ import annotations

import os
import struct
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf.metadata_checksum import metadata_checksum

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAYOUT, _CONTINUATION = 0x08, 0x10
_CHUNKED, _EXTENSIBLE_ARRAY, _UNFILTERED = 2, 4, 0
_NOWHERE = 2**64 - 1
_MOST_HEADER = 64 * 1024
_ASKED = 256
_PREFIX = 14  # of each block: signature, version, client, address of the array's header


class _Array(NamedTuple):
    """What the array's header says of the sizes of its blocks."""

    max_bits: int
    index_elements: int
    min_elements: int
    min_pointers: int
    page_bits: int
    used: int
    index_block: int

    @property
    def offset_bytes(self) -> int:
        return (self.max_bits + 7) // 8

    @property
    def page(self) -> int:
        return 1 << self.page_bits


class UnknownIndex(Exception):
    """The index is not one that is read here; HDF5 can tell."""


def chunk_addresses(identifier: Any, fd: int, count: int) -> np.ndarray:
    """Give the byte offsets of the first chunks of a stack.

    Parameters
    ----------
    identifier : h5py.h5d.DatasetID
        Of a dataset that may grow in its first dimension only, and whose chunks are as wide as it
        is, not filtered.
    fd : int
        Its file.
    count : int
        How many chunks.

    Returns
    -------
    (n,) uint64
        With n up to `count`: up to the first that is not there.

    Raises
    ------
    UnknownIndex
        If the file says it in another way, or in a way that does not agree with HDF5.
    """
    array = _array_of(fd, _layout_of(fd, h5o.get_info(identifier).addr))
    count = min(count, array.used)
    parts, there = [], 0
    for part in _elements(fd, array):
        parts.append(part)
        there += len(part)
        if there >= count:
            break
    found = np.concatenate(parts)[:count]
    missing = np.flatnonzero(found == _NOWHERE)
    found = found[: missing[0]] if len(missing) else found
    if len(found):
        _require_agreement(identifier, found)
    return found


def _require_agreement(identifier: Any, found: np.ndarray) -> None:
    """Ask HDF5 about one of the chunks; about a late one, that takes as long as to read many."""
    number = min(len(found), _ASKED) - 1
    chunk = identifier.get_create_plist().get_chunk()
    info = identifier.get_chunk_info_by_coord((number * chunk[0], *(0,) * len(chunk[1:])))
    if info.byte_offset != int(found[number]):
        raise UnknownIndex(f"chunk {number} is not at {found[number]}")


def _layout_of(fd: int, address: int) -> bytes:
    """Give the data layout message of the object header at an address."""
    head = _read(fd, _MOST_HEADER, address)
    if head[:5] != b"OHDR\x02":
        raise UnknownIndex("an object header of the first version")
    flags = head[5]
    at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(head[at : at + width], "little")
    blocks = [_checked(head[: at + width + size + 4])[at + width :]]
    head_bytes = 6 if flags & 0x04 else 4
    for block in blocks:  # which grow as continuations are found
        for kind, content in _messages(block, head_bytes):
            if kind == _LAYOUT:
                return content
            if kind == _CONTINUATION and len(blocks) < 64:
                where, length = struct.unpack("<QQ", content[:16])
                more = _read(fd, min(length, _MOST_HEADER), where)
                if more[:4] != b"OCHK":
                    raise UnknownIndex("no continuation of an object header where it should be")
                blocks.append(_checked(more)[4:])
    raise UnknownIndex("an object header without a layout")


def _messages(block: bytes, head_bytes: int) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + head_bytes <= len(block):
        kind, size = struct.unpack_from("<BH", block, at)
        at += head_bytes
        yield kind, block[at : at + size]
        at += size


def _array_of(fd: int, layout: bytes) -> _Array:
    """Read the header of the extensible array that a layout message leads to."""
    version, kind, _, rank, width = struct.unpack_from("<5B", layout)
    at = 5 + rank * width
    if version < 4 or kind != _CHUNKED or layout[at] != _EXTENSIBLE_ARRAY:
        raise UnknownIndex("chunks in another kind of index")
    (address,) = struct.unpack_from("<Q", layout, at + 6)
    head = _read(fd, 72, address)
    if head[:7] != b"EAHD\x00" + bytes([_UNFILTERED, 8]):
        raise UnknownIndex("an array of something else than addresses")
    _checked(head)
    bits, in_index, least, pointers, page_bits = struct.unpack_from("<5B", head, 7)
    *_, used, _, index_block = struct.unpack_from("<7Q", head, 12)
    if bits > 64 or not _are_powers_of_two(least, pointers) or pointers < 2:
        raise UnknownIndex("an array of sizes that HDF5 does not make")
    return _Array(bits, in_index, least, pointers, page_bits, used, index_block)


def _are_powers_of_two(*numbers: int) -> bool:
    return all(number and not number & (number - 1) for number in numbers)


def _elements(fd: int, array: _Array) -> Iterator[np.ndarray]:
    """Give the addresses in the array, block by block."""
    in_data = 2 * (array.min_pointers - 1)  # data blocks that the index block itself points at
    supers = 1 + array.max_bits - (array.min_elements.bit_length() - 1)
    first_super = 2 * (array.min_pointers.bit_length() - 1)
    pointers = in_data + supers - first_super
    index = _block(fd, array.index_block, b"EAIB", 8 * (array.index_elements + pointers))
    words = np.frombuffer(index, "<u8")
    yield words[: array.index_elements]
    data, more = np.split(words[array.index_elements :], [in_data])
    sizes = [
        (1 << level // 2, (1 << (level + 1) // 2) * array.min_elements) for level in range(supers)
    ]
    elements = [size for count, size in sizes[:first_super] for _ in range(count)]
    for address, size in zip(data.tolist(), elements, strict=False):
        yield _data_block(fd, array, address, size)
    for address, (count, size) in zip(more.tolist(), sizes[first_super:], strict=True):
        for data_block in _super_block(fd, array, address, count, size):
            yield _data_block(fd, array, data_block, size)


def _super_block(fd: int, array: _Array, address: int, count: int, size: int) -> list[int]:
    """Give the addresses of the data blocks that a secondary block points at."""
    if address == _NOWHERE:
        return [_NOWHERE]
    pages = -(-(size // array.page) // 8) * count if size > array.page else 0
    skip = array.offset_bytes + pages
    content = _block(fd, address, b"EASB", skip + 8 * count)
    return np.frombuffer(content, "<u8", count, skip).tolist()


def _data_block(fd: int, array: _Array, address: int, size: int) -> np.ndarray:
    if address == _NOWHERE:
        return np.array([_NOWHERE], "<u8")  # what would come after it is not asked for
    skip = array.offset_bytes
    if size <= array.page:
        return np.frombuffer(_block(fd, address, b"EADB", skip + 8 * size), "<u8", size, skip)
    _block(fd, address, b"EADB", skip)
    # Behind that, pages, each with a checksum of its own.
    length = 8 * array.page + 4
    pages = _read(fd, size // array.page * length, address + _PREFIX + skip + 4)
    parts = [_page(pages[at : at + length]) for at in range(0, len(pages), length)]
    return np.frombuffer(b"".join(parts), "<u8")


def _page(content: bytes) -> bytes:
    """Give the elements of a page; one that was never written to is none."""
    if not any(content):
        return b"\xff" * (len(content) - 4)
    return _checked(content)


def _block(fd: int, address: int, signature: bytes, size: int) -> bytes:
    """Read a block that the array's header or another block leads to, without its prefix."""
    content = _checked(_read(fd, _PREFIX + size + 4, address))
    if content[:6] != signature + bytes([0, _UNFILTERED]) or len(content) < _PREFIX + size:
        raise UnknownIndex(f"no {signature.decode()} at {address}")
    return content[_PREFIX:]


def _checked(block: bytes) -> bytes:
    """Give a block without the checksum at its end, which must be its own."""
    content, checksum = block[:-4], block[-4:]
    if len(checksum) < 4 or metadata_checksum(content) != int.from_bytes(checksum, "little"):
        raise UnknownIndex("a block that has another checksum: it is damaged, or being written")
    return content


def _read(fd: int, size: int, address: int) -> bytes:
    if address >= 2**63 or size > max(_MOST_HEADER, os.fstat(fd).st_size):
        raise UnknownIndex(f"{size} bytes at {address}, beyond the file")
    return os.pread(fd, size, address)


def is_stack_of_frames(dataset: h5py.Dataset) -> bool:
    """Whether a dataset grows in its first dimension only, and each chunk is as wide as it is."""
    maxshape: tuple[int | None, ...] | None = dataset.maxshape
    chunks = dataset.chunks
    return (
        chunks is not None
        and maxshape is not None
        and maxshape[0] is None
        and maxshape[1:] == chunks[1:] == dataset.shape[1:]
        and prod(chunks) > 0
        and dataset.id.get_create_plist().get_nfilters() == 0
    )
