"""The bytes of a row, made of Python's own values as quickly as these allow."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument
from longtake.tree.fitting import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_CODES = {"i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q"}
_CODES |= {"f2": "e", "f4": "f", "f8": "d"}
_TRUTHS = (bool, np.bool_)


class RowBytes:
    """How the values of a row become bytes.

    Parameters
    ----------
    dtype : numpy.dtype
        Of a row.
    what : str
        The table, as errors name it.
    """

    def __init__(self, dtype: np.dtype, what: str) -> None:
        self._dtype = dtype
        self._what = what
        self._leaves = list(_leaves(dtype))
        #: The paths of what a column of columns holds, by its own.
        self.within = _within(dtype)
        ways = [_quickest(kind) for _, kind, _ in self._leaves]
        pack_into = self._packer([code for code, _ in ways]).pack_into
        #: Puts the values of the columns into a buffer, at an offset; raises at what does not fit.
        self.pack_into: Callable[..., None] = _converting(pack_into, [made for _, made in ways])
        self._whole = self._packer([f"{kind.itemsize}s" for _, kind, _ in self._leaves])

    def _packer(self, codes: list[str]) -> struct.Struct:
        text, at = "<", 0
        for code, (_, kind, offset) in zip(codes, self._leaves, strict=True):
            text += f"{offset - at}x{code}"
            at = offset + kind.itemsize
        return struct.Struct(f"{text}{self._dtype.itemsize - at}x")

    def fit_into(self, buffer: memoryview, at: int, *values: Any) -> None:
        """Do the same with whatever `fitting` takes.

        Raises
        ------
        WrongType, InvalidArgument
            If a value does not fit.
        """
        leaves = zip(self._leaves, values, strict=True)
        parts = [self._fitted(path, kind, value).tobytes() for (path, kind, _), value in leaves]
        self._whole.pack_into(buffer, at, *parts)

    def _fitted(self, path: str, kind: np.dtype, value: Any) -> np.ndarray:
        what = f"{self._what}, {path!r}"
        part = fitting(value, kind.base, what)
        if part.shape not in {(), kind.shape}:
            raise InvalidArgument(
                f"{what}: a value of the shape {part.shape}, for {kind.shape or 'one value'}"
            )
        return np.broadcast_to(part, kind.shape)

    def parts(self, name: str, value: Any) -> dict[str, Any]:
        """Give the values of what a column of columns holds, by their paths."""
        kind = self._dtype
        for step in name.split("/"):
            kind = kind[step]
        made: Any = self._fitted(name, kind, value)[()]
        return {f"{name}/{path}": part for path, part in flat(made, kind).items()}


def flat(values: Mapping[str, Any] | np.void | np.ndarray, dtype: np.dtype) -> dict[str, Any]:
    """Give the values of all columns, of those within others by ``outer/inner``."""
    found: dict[str, Any] = {}
    for path, kind, _ in _leaves(dtype):
        value: Any = values
        for step in _steps(path, dtype):
            value = value[step]
        is_number = isinstance(value, np.generic) and kind.names is None
        found[path] = value.item() if is_number else value
    return found


def _steps(path: str, dtype: np.dtype) -> list[str]:
    return [path] if path in (dtype.names or ()) else path.split("/")


def _leaves(dtype: np.dtype, path: str = "", start: int = 0) -> Iterator[tuple[str, np.dtype, int]]:
    """Give the columns that hold values: path, type and offset, as they lie in memory."""
    for name, (kind, offset, *_) in sorted(_fields(dtype), key=lambda field: field[1][1]):
        if kind.names is None:
            yield f"{path}{name}", kind, start + offset
        else:
            yield from _leaves(kind, f"{path}{name}/", start + offset)


def _fields(dtype: np.dtype) -> Iterable[tuple[str, Any]]:
    return (dtype.fields or {}).items()


def _within(dtype: np.dtype, path: str = "") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, (kind, *_) in _fields(dtype):
        if kind.names is not None:
            found[f"{path}{name}"] = [f"{path}{name}/{inner}" for inner in kind.names]
            found |= _within(kind, f"{path}{name}/")
    return found


def _quickest(kind: np.dtype) -> tuple[str, Callable[..., Any] | None]:
    """Give the code of a column in a struct, and what makes of a value what that takes."""
    whole, code = f"{kind.itemsize}s", _CODES.get(kind.base.str[1:])
    if kind.shape:
        return whole, _array(kind, code)
    if kind.kind == "S":
        return whole, _text(kind.itemsize)
    if kind.kind == "b":
        return "?", _truth
    if code is None:
        return whole, _refused
    return (code, None) if _order(kind) == "<" else (whole, struct.Struct(f">{code}").pack)


def _converting(
    pack_into: Callable[..., None], converters: list[Callable[..., Any] | None]
) -> Callable[..., None]:
    """Pack after some of the values were converted; truth values are only looked at."""
    numbered = [(n, made) for n, made in enumerate(converters) if made and made is not _truth]
    truths = [n for n, made in enumerate(converters) if made is _truth]

    def look_and_pack(buffer: memoryview, at: int, *values: Any) -> None:
        for number in truths:
            if type(values[number]) not in _TRUTHS:
                raise struct.error  # which would take anything
        pack_into(buffer, at, *values)

    def convert_and_pack(buffer: memoryview, at: int, *values: Any) -> None:
        made = list(values)
        for number, convert in numbered:
            made[number] = convert(made[number])
        look_and_pack(buffer, at, *made) if truths else pack_into(buffer, at, *made)

    if numbered:
        return convert_and_pack
    return look_and_pack if truths else pack_into


def _order(kind: np.dtype) -> str:
    return ">" if kind.base.str[0] == ">" else "<"


def _truth(_: Any) -> Any:
    """Stand for a truth value."""


def _text(size: int) -> Callable[[Any], bytes]:
    def text(value: Any) -> bytes:
        made = value if isinstance(value, bytes) else value.encode()
        if len(made) <= size:
            return made
        raise struct.error  # which would cut it off

    return text


def _array(kind: np.dtype, code: str | None) -> Callable[[Any], bytes]:
    base, shape = kind.base, kind.shape
    pack = _refused
    if code is not None and len(shape) == 1:
        pack = struct.Struct(f"{_order(kind)}{shape[0]}{code}").pack

    def array(value: Any) -> bytes:
        if not isinstance(value, np.ndarray):
            return pack(*value)
        if value.dtype == base and value.shape == shape:
            return value.tobytes()
        raise struct.error

    return array


def _refused(*_: Any) -> Any:
    raise struct.error
