"""The first 48 bytes of an HDF5 file (superblock version 2 or 3).

Format: HDF5 File Format Specification 3.0, section II.A; the checksum is Bob Jenkins' lookup3
(public domain, https://burtleburtle.net/bob/c/lookup3.c).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Self

from longtake.errors import NotALongtakeFile

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SIZE = 48
_FORMAT = struct.Struct("<8sBBBBQQQQ")
_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Superblock:
    """Where an HDF5 file ends and where its root group is."""

    version: int
    flags: int
    base: int
    extension: int
    end_of_file: int
    root: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read 48 bytes; `NotALongtakeFile` if they are no superblock with a right checksum."""
        if len(data) < SIZE or data[:8] != SIGNATURE:
            raise NotALongtakeFile("it does not begin as an HDF5 file does")
        _, version, offsets, lengths, flags, base, extension, end, root = _FORMAT.unpack(data[:44])
        if version not in {2, 3} or (offsets, lengths) != (8, 8):
            raise NotALongtakeFile(f"its HDF5 superblock is of version {version}, not 2 or 3")
        if struct.unpack("<I", data[44:48])[0] != lookup3(data[:44]):
            raise NotALongtakeFile("the checksum of its HDF5 superblock is wrong")
        return cls(version, flags, base, extension, end, root)

    def with_end(self, end_of_file: int) -> Self:
        """Give the same superblock with another end of file."""
        return replace(self, end_of_file=end_of_file)

    def pack(self) -> bytes:
        """Give the 48 bytes, checksum included."""
        head = _FORMAT.pack(
            SIGNATURE, self.version, 8, 8, self.flags,
            self.base, self.extension, self.end_of_file, self.root,
        )  # fmt: skip
        return head + struct.pack("<I", lookup3(head))


def lookup3(data: bytes) -> int:
    """Give Jenkins' `hashlittle` of `data` with initial value 0."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    whole = (len(data) - 1) // 12 * 12  # the last 1 to 12 bytes get the final mix
    for i in range(0, whole, 12):
        x, y, z = struct.unpack_from("<III", data, i)
        a, b, c = _mix((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)
    x, y, z = struct.unpack("<III", data[whole:].ljust(12, b"\0"))
    return _final((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = ((a - c) & _MASK) ^ _rotate(c, 4)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rotate(a, 6)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rotate(b, 8)
    b = (b + a) & _MASK
    a = ((a - c) & _MASK) ^ _rotate(c, 16)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rotate(a, 19)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rotate(b, 4)
    b = (b + a) & _MASK
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rotate(b, 14)) & _MASK
    a = ((a ^ c) - _rotate(c, 11)) & _MASK
    b = ((b ^ a) - _rotate(a, 25)) & _MASK
    c = ((c ^ b) - _rotate(b, 16)) & _MASK
    a = ((a ^ c) - _rotate(c, 4)) & _MASK
    b = ((b ^ a) - _rotate(a, 14)) & _MASK
    return ((c ^ b) - _rotate(b, 24)) & _MASK
