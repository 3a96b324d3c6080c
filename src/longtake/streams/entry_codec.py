"""Entries of a data stream: any plain value in, as msgpack, and an equal value out.

The format is https://github.com/msgpack/msgpack/blob/master/spec.md, and for numpy's values
`longtake.streams.array_form`; so other programs read what is written here. Nothing that a file
holds is ever run.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import DecodeError, msgpack

from longtake.errors import DamagedFile, InvalidArgument
from longtake.streams.array_form import MARKERS, numpy_value, wire_form
from longtake.streams.storable import MOST_BYTES, NUMBERS, looks_storable, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

# What ends the header of a bytes key, however long its length is written, and the key itself.
_ARRAY_MARK, _COMPLEX_MARK = b"\x02nd", b"\x07complex"
# msgspec recurses as deep as Python may. On a stack of 8 MB it crashed between 20,000 and 40,000.
_SAFE_NESTING = 5_000
_NOT_HEADERS = bytes(b for b in range(256) if not (0x80 <= b <= 0x9F or 0xDC <= b <= 0xDF))


def encode_entry(value: object, name: str = "data") -> bytes:
    r"""Give the bytes of any plain value; what would not come back equal is refused.

    Parameters
    ----------
    value
        None, bool, int (-2**63 to 2**64 - 1), float, str, bytes, bytearray, memoryview of bytes, a
        numpy scalar or array without objects, or a dict, list or tuple of such, 256 deep at most.
        Keys are str, bytes, int, float, bool or None.
    name : str
        What the value is called in errors.

    Returns
    -------
    bytes
        At most 1 GiB. A tuple comes back as a list; a bytearray or memoryview as bytes;
        numpy.float64, str\_ and bytes\_ as float, str and bytes; an array C-contiguous.

    Raises
    ------
    WrongType
        If the value, or a part of it, is of another type, also one derived from these.
    InvalidArgument
        If a number or text is out of range, or the value is too deep, too large, or in itself.

    Examples
    --------
    >>> encode_entry({"hit": True, "score": 7})
    b'\x82\xa3hit\xc3\xa5score\x07'
    >>> encode_entry({"ball": [1, 2, {3}]})
    Traceback (most recent call last):
    longtake.errors.WrongType: data['ball'][2]: a set cannot be stored; use a list
    """
    if type(value) is dict:  # looked at here if it is numbers by names, as most entries are
        for key, part in value.items():
            if type(part) not in NUMBERS or type(key) is not str:
                if not looks_storable(value):
                    refuse(value, name)
                break
    elif not looks_storable(value):
        refuse(value, name)
    try:
        content = _encode(value)
    except (OverflowError, UnicodeEncodeError, ValueError):
        refuse(value, name)
        raise
    if len(content) > MOST_BYTES:
        raise InvalidArgument(f"{name} takes {len(content)} bytes, more than {MOST_BYTES}")
    return content


def decode_entry(content: bytes | memoryview) -> Any:
    r"""Give the value of an entry's bytes, whoever wrote them.

    Arrays are read-only: ``array.copy()`` is one of your own. Of equal keys in a map the last one
    counts; a list that is a key comes as a tuple; msgpack's time stamps come as datetime.

    Raises
    ------
    DamagedFile
        If the bytes are not exactly one value, hold what cannot be read safely (objects of numpy,
        unknown extension types), or nest deeper than Python can follow from here.

    Examples
    --------
    >>> decode_entry(b"\x82\xa3hit\xc3\xa5score\x07")
    {'hit': True, 'score': 7}
    """
    if type(content) is not bytes:
        content = bytes(content)
    if len(content) > _SAFE_NESTING:
        _require_safe_nesting(content)
    try:
        value = _decode(content)
    except (DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise DamagedFile(f"an entry of {len(content)} bytes cannot be read: {error}") from None
    if _ARRAY_MARK in content or _COMPLEX_MARK in content:
        return _with_numpy_values(value)
    return value


def decode_entries(
    contents: bytes | memoryview, starts: Sequence[int], ends: Sequence[int]
) -> list[Any]:
    r"""Give the values of many entries, quicker than one at a time.

    Parameters
    ----------
    contents
        The entries' bytes, end to end.
    starts, ends
        Where each entry starts and ends in them, in bytes; not negative.

    Raises
    ------
    DamagedFile
        As `decode_entry` does, for the first entry that cannot be read.

    Examples
    --------
    >>> decode_entries(b"\x01\xa2hi\x92\x01\x02", [0, 1, 4], [1, 4, 7])
    [1, 'hi', [1, 2]]
    """
    whole = bytes(contents)
    spans = zip(starts, ends, strict=True)
    if _ARRAY_MARK in whole or _COMPLEX_MARK in whole or not _is_surely_shallow(whole):
        return [decode_entry(whole[start:end]) for start, end in spans]
    try:
        return [_decode(whole[start:end]) for start, end in spans]
    except (DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise DamagedFile(f"an entry cannot be read: {error}") from None


def _with_numpy_values(value: Any) -> Any:
    holder = [value]
    waiting: list[Any] = [holder]
    while waiting:
        parts = waiting.pop()
        for place, part in parts.items() if type(parts) is dict else enumerate(parts):
            if type(part) is dict and any(marker in part for marker in MARKERS):
                parts[place] = numpy_value(part)
            elif type(part) is dict or type(part) is list:
                waiting.append(part)
    return holder[0]


def _is_surely_shallow(content: bytes) -> bool:
    if sys.getrecursionlimit() <= _SAFE_NESTING:
        return True
    return len(content.translate(None, _NOT_HEADERS)) <= _SAFE_NESTING


def _require_safe_nesting(content: bytes) -> None:
    """Refuse what could overflow the stack where Python's own limit was lifted."""
    if not _is_surely_shallow(content) and _nesting(content) > _SAFE_NESTING:
        raise DamagedFile(f"an entry nests more than {_SAFE_NESTING} deep")


# How many bytes of length follow a first byte, how many more bytes than that length the value has,
# and how many values are counted by one of that length: 0 for those that hold no others.
_COUNTED = {0xC7: (1, 1, 0), 0xC8: (2, 1, 0), 0xC9: (4, 1, 0)}
_COUNTED |= {0xC4: (1, 0, 0), 0xC5: (2, 0, 0), 0xC6: (4, 0, 0)}
_COUNTED |= {0xD9: (1, 0, 0), 0xDA: (2, 0, 0), 0xDB: (4, 0, 0)}
_COUNTED |= {0xDC: (2, 0, 1), 0xDD: (4, 0, 1), 0xDE: (2, 0, 2), 0xDF: (4, 0, 2)}
_FIXED = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_FIXED |= {0xCA: 4, 0xCB: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}


def _nesting(content: bytes) -> int:
    """Say how deep a value nests, as far as its bytes go, without recursion."""
    at, deepest = 0, 0
    open_parts: list[int] = []  # how many values each open container still waits for
    while at < len(content):
        head = content[at]
        at += 1
        inside = 0
        if head in _COUNTED:
            width, more, per = _COUNTED[head]
            length = int.from_bytes(content[at : at + width], "big")
            at += width + (more + length if per == 0 else 0)
            inside = length * per
        elif 0x80 <= head <= 0x9F:
            inside = (head & 15) * (2 if head < 0x90 else 1)
        elif 0xA0 <= head <= 0xBF:
            at += head & 31
        else:
            at += _FIXED.get(head, 0)
        if open_parts:
            open_parts[-1] -= 1
        if inside:
            open_parts.append(inside)
            deepest = max(deepest, len(open_parts))
        while open_parts and not open_parts[-1]:
            open_parts.pop()
        if not open_parts:
            break
    return deepest


def _unknown_extension(code: int, _: memoryview) -> NoReturn:
    raise DamagedFile(f"msgpack's extension type {code} is not known")


_encode = msgpack.Encoder(enc_hook=wire_form).encode
_decode = msgpack.Decoder(ext_hook=_unknown_extension).decode
