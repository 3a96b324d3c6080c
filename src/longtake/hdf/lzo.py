"""Undoing LZO1X, the compression of many an old PyTables file.

A stream is instructions, and bytes that are meant as they are. Each instruction copies some bytes
from a distance back in what was decoded already, and then so many as they are, which follow it; how
many these were tells how the next one is to be understood. One of distance 0 ends the stream.

The format is as the Linux kernel's documentation tells it, in staging/lzo.rst (version 0). It has
neither length nor checksum: that a stream is damaged shows where it cannot be followed.
"""

from __future__ import annotations

from typing import Any

from numba import njit

#: What is given in place of a length or a position.
DAMAGED = -1
_END = -2

# Nothing is allocated; a part has no entry from Python.
_options: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
_kernel_options: dict[str, Any] = {**_options, "cache": True, "nogil": True}
_part_options: dict[str, Any] = {**_options, "no_cpython_wrapper": True}
_kernel = njit(**_kernel_options)
_part = njit(**_part_options)


@_kernel
def decoded_length(stream):
    """Give how many bytes a stream decodes to.

    Parameters
    ----------
    stream : ndarray of uint8
        May be any bytes.

    Returns
    -------
    int
        At most 255 for each byte of the stream; `DAMAGED`, if it is none.
    """
    at = length = literals = 0
    while at < len(stream):
        at, distance, copied, literals = _instruction(stream, at, literals)
        if at == _END:
            return length
        if at == DAMAGED or distance > length or literals > len(stream) - at:
            return DAMAGED
        at += literals
        length += copied + literals
    return DAMAGED


@_kernel
def decode(stream, out):
    r"""Decode a stream.

    Parameters
    ----------
    stream : ndarray of uint8
        May be any bytes.
    out : ndarray of uint8
        Takes what is decoded, and may be longer. Nothing outside of it is touched.

    Returns
    -------
    int
        How many bytes were decoded; `DAMAGED`, if there is no room for them, or it is no stream:
        then `out` holds some of them.

    Examples
    --------
    >>> import numpy as np
    >>> stream = np.frombuffer(bytearray(b"\x14abc\x2a\x08\0\x11\0\0"), np.uint8)
    >>> out = np.zeros(decoded_length(stream), np.uint8)
    >>> decode(stream, out)
    15
    >>> out.tobytes()
    b'abcabcabcabcabc'
    """
    at = length = literals = 0
    while at < len(stream):
        at, distance, copied, literals = _instruction(stream, at, literals)
        if at == _END:
            return length
        if at == DAMAGED or distance > length or literals > len(stream) - at:
            return DAMAGED
        if copied + literals > len(out) - length:
            return DAMAGED
        start, end = length - distance, length + copied
        while length < end:
            # What is copied may go on in what it makes: so no more at once than is there.
            step = min(length - start, end - length)
            _copy(out[start : start + step], out[length : length + step])
            length += step
        _copy(stream[at : at + literals], out[length : length + literals])
        at += literals
        length += literals
    return DAMAGED


@_part
def _instruction(stream, at, before):
    """Understand the instruction at a position, which comes after `before` bytes as they are.

    Give the position after it, the distance and the number of the bytes to copy, and how many
    follow as they are. The position is `_END`, or `DAMAGED`, if nothing is to be done any more.
    """
    first = int(stream[at])
    at += 1
    if at == 1 and first > 17:
        return at, 0, 0, first - 17
    if first < 16 and before == 0:
        at, literals = _length(stream, at, first, 15)
        return at, 0, 0, literals + 3
    copied, base = 2, 1
    if first < 16 and before > 3:
        copied, base = 3, 2049
    elif 16 <= first < 32:
        at, copied = _length(stream, at, first & 7, 7)
        copied, base = copied + 2, 16384 + ((first & 8) << 11)
    elif 32 <= first < 64:
        at, copied = _length(stream, at, first & 31, 31)
        copied += 2
    elif first >= 64:
        copied = (first >> 5) + 1
    if first < 16 or first >= 64:  # a byte more, of the distance
        if at == DAMAGED or at + 1 > len(stream):
            return DAMAGED, 0, 0, 0
        near = first >> 2 & (7 if first >= 64 else 3)
        far = int(stream[at]) << (3 if first >= 64 else 2)
        return at + 1, base + far + near, copied, first & 3
    if at == DAMAGED or at + 2 > len(stream):
        return DAMAGED, 0, 0, 0
    low = int(stream[at])
    distance = base + (int(stream[at + 1]) << 6) + (low >> 2)
    at += 2
    if distance == 16384 and first < 32:
        return _END if first == 17 and at == len(stream) else DAMAGED, 0, 0, 0
    return at, distance, copied, low & 3


@_part
def _length(stream, at, bits, most):
    """Give the position after a length, and the length: of its bits, or of the bytes after them."""
    if bits > 0:
        return at, bits
    length = most
    while at < len(stream) and stream[at] == 0:
        length += 255
        at += 1
    if at == len(stream):
        return DAMAGED, 0
    return at + 1, length + int(stream[at])


@_part
def _copy(source, target):
    for number in range(len(source)):
        target[number] = source[number]
