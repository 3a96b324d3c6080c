"""Plain values, and how they are written as bytes that PyTables reads.

What HDF5 has no type for (dicts, lists, None, arrays of text) PyTables keeps in attributes as
pickles of protocol 0. These are written here, for data only: containers, numbers, text, bytes and
numpy values of these. `plain_decode` reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How deep containers may nest, how many values they may hold when written out in full (a value
#: that is shared counts each time), and how large an integer may be. They bound what a hostile
#: file can make a reader do; no attribute comes near them.
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
MAX_INTEGER_BITS = 8192

_SCALARS = (bool, int, float, complex, str, bytes, type(None))
_ARRAY_KINDS = "biufcSU"


def encode_plain(value: object) -> bytes:
    r"""Write a plain value as a pickle of protocol 0, in ASCII.

    Parameters
    ----------
    value
        None, bool, int, float, complex, str, bytes, a numpy scalar or array of numbers or text,
        or a dict, list or tuple of such. The keys of a dict are scalars or tuples of scalars. A
        numpy text or bytes that ends in NUL, which numpy itself takes off, comes back as a str or
        bytes.

    Raises
    ------
    WrongType
        If the value, or one inside it, is of another type.
    InvalidArgument
        If it contains itself, or passes the limits of this module.

    Examples
    --------
    >>> encode_plain([1, "a", None])
    b'(lI1\naVa\naNa.'
    """
    check_plain(value)
    return b"".join(_encode(value)) + b"."


def check_plain(value: object) -> None:
    """Refuse a value that is not plain, contains itself, or is beyond the limits."""
    count = 0
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"values nest more than {MAX_DEPTH} deep, or contain themselves")
        if count > MAX_VALUES:
            raise InvalidArgument(f"more than {MAX_VALUES} values in one attribute")
        if type(item) is dict:
            for key in item:
                check_key(key)
            waiting += [(part, depth + 1) for part in item.values()]
        elif type(item) in {list, tuple}:
            waiting += [(part, depth + 1) for part in item]  # type: ignore[attr-defined]
        else:
            _check_scalar(item)


def check_key(key: object) -> None:
    """Refuse a key of a dict that is neither a scalar nor a tuple of scalars."""
    # Deeper tuples are not taken: the time to hash them can be made to grow without bound.
    parts = key if type(key) is tuple else (key,)
    if len(parts) > MAX_DEPTH or not all(type(part) in _SCALARS for part in parts):
        raise WrongType(f"a dict's key is a scalar or a tuple of scalars, not {type(key).__name__}")
    for part in parts:
        _check_scalar(part)


def _check_scalar(item: object) -> None:
    if isinstance(item, np.ndarray | np.generic):
        _require_bare(item)
        if item.dtype.kind not in _ARRAY_KINDS:
            raise WrongType(f"a numpy value of dtype {item.dtype} is not plain data")
    elif type(item) not in _SCALARS:
        raise WrongType(f"a value of type {type(item).__name__} is not plain data")
    elif type(item) is int and item.bit_length() > MAX_INTEGER_BITS:
        raise InvalidArgument(f"an integer of more than {MAX_INTEGER_BITS} bits")


def _require_bare(item: np.ndarray | np.generic) -> None:
    """Refuse arrays that are more than their numbers: of a mask, a unit, nothing would be kept."""
    if isinstance(item, np.ma.MaskedArray):
        raise WrongType(
            "a masked array cannot be kept with its mask: give its filled(...), or its data and "
            "mask as two values"
        )
    if isinstance(item, np.ndarray) and type(item) is not np.ndarray:
        raise WrongType(
            f"an array of type {type(item).__name__} is not plain data: give np.array(...) of it, "
            "and what else it says as values of their own"
        )


def _encode(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield from _encode_array(value)
    elif isinstance(value, np.str_ | np.bytes_) and value[-1:] in {"\0", b"\0"}:
        yield from _encode(value[:])  # as Python's own
    elif isinstance(value, np.generic):
        yield b"cnumpy.core.multiarray\nscalar\n("
        yield from _encode_dtype(value.dtype)
        yield from _encode_bytes(value.tobytes())
        yield b"tR"
    elif isinstance(value, dict):
        yield b"(d"
        for key, item in value.items():
            yield from _encode(key)
            yield from _encode(item)
            yield b"s"
    elif isinstance(value, list):
        yield b"(l"
        for item in value:
            yield from _encode(item)
            yield b"a"
    elif isinstance(value, tuple):
        yield b"("
        for item in value:
            yield from _encode(item)
        yield b"t"
    else:
        yield _encode_scalar(value)


def _encode_scalar(value: Any) -> bytes:
    match value:
        case None:
            return b"N"
        case bool():
            return b"I01\n" if value else b"I00\n"
        case int():
            return b"I%d\n" % value if -(2**31) <= value < 2**31 else b"L%dL\n" % value
        case float():
            return b"F" + repr(value).encode() + b"\n"
        case complex():
            parts = _encode_scalar(value.real) + _encode_scalar(value.imag)
            return b"c__builtin__\ncomplex\n(" + parts + b"tR"
        case str():
            return b"V" + _escaped(value) + b"\n"
        case _:
            return b"".join(_encode_bytes(value))


def _escaped(text: str) -> bytes:
    # The unpickler undoes raw-unicode-escape, so every character that could end or bend the line
    # is written as such an escape, and so is all that is not ASCII.
    return "".join(c if " " <= c <= "~" and c != "\\" else _escape(ord(c)) for c in text).encode()


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _encode_bytes(value: bytes) -> Iterator[bytes]:
    yield b"c_codecs\nencode\n("
    yield b"V" + _escaped(value.decode("latin-1")) + b"\n"
    yield b"Vlatin1\ntR"


def _encode_array(array: np.ndarray) -> Iterator[bytes]:
    # numpy 2 still answers to the module paths of numpy 1, so these can be read by both.
    yield b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt"
    yield from _encode_bytes(b"b")
    yield b"tR(I1\n"
    yield from _encode(array.shape)
    yield from _encode_dtype(array.dtype)
    yield b"I00\n"
    yield from _encode_bytes(array.tobytes())
    yield b"tb"


def _encode_dtype(dtype: np.dtype) -> Iterator[bytes]:
    # The last three numbers are size, alignment and flags; only text types carry them.
    layout = {"U": (dtype.itemsize, 4, 8), "S": (dtype.itemsize, 1, 0)}.get(dtype.kind, (-1, -1, 0))
    yield b"cnumpy\ndtype\n(V%b\nI00\nI01\ntR" % dtype.str[1:].encode()
    yield b"(I3\nV%b\nNNNI%d\nI%d\nI%d\ntb" % (dtype.str[0].encode(), *layout)
