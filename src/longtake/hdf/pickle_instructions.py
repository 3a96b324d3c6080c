"""A pickle's bytes as a sequence of instructions, without carrying any of them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.errors import DamagedFile

if TYPE_CHECKING:
    from collections.abc import Iterator


class MalformedPickle(DamagedFile):
    """These bytes are not a pickle at all."""


# How each instruction's argument is laid out: a line, so many bytes, or a little-endian length of
# so many bytes and then as many bytes as it says.
_LINE = set(b"ILFSVcgp")
_FIXED = dict(zip(b"KhqMJjrG\x80\x95", (1, 1, 1, 2, 4, 4, 4, 8, 1, 8), strict=True))
_COUNTED = dict(zip(b"UC\x8a\x8cTXB\x8d\x8e", (1, 1, 1, 1, 4, 4, 4, 8, 8), strict=True))
_BARE = set(b".(012NR]})laedstbu\x85\x86\x87\x88\x89\x93\x94")
# Instructions of pickles that make objects, call, or fetch what the file does not hold.
_FORBIDDEN = set(b"ioPQ\x81\x82\x83\x84\x8b\x8f\x90\x91\x92\x96\x97\x98")


def instructions(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give each instruction and the bytes of its argument, as far as the end mark."""
    at = 0
    while True:
        code = data[at]
        at += 1
        if code in _LINE:
            end = data.index(b"\n", at)
            if code == ord("c"):  # two lines: a module and a name
                end = data.index(b"\n", end + 1)
            argument = data[at:end]
            at = end + 1
        elif code in _FIXED or code in _COUNTED:
            size = _FIXED.get(code) or _COUNTED[code]
            if code in _COUNTED:
                at, size = at + size, int.from_bytes(data[at : at + size], "little")
            argument = data[at : at + size]
            at += size
            if at > len(data):
                raise MalformedPickle("not a pickle: it ends within an instruction")
        elif code in _BARE:
            argument = b""
        elif code in _FORBIDDEN:
            raise DamagedFile(f"a pickle was not read: instruction {chr(code)!r} is not for data")
        else:
            raise MalformedPickle(f"not a pickle: no instruction {chr(code)!r}")
        if code == ord("."):
            return
        yield bytes([code]), argument
