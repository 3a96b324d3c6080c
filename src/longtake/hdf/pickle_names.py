"""The few names that a pickle of plain data mentions, and what is made for each.

Python's unpickler imports a name and calls it. Here a name is looked up in one short table, and
what stands in the table makes numbers, bytes and numpy values, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import DamagedFile
from longtake.hdf.pickle_instructions import MalformedPickle

if TYPE_CHECKING:
    from collections.abc import Callable


class Name:
    """A name that a pickle mentions; one of the few that stand for data."""

    def __init__(self, module: str, name: str) -> None:
        self.text = f"{module}.{name}"
        if self.text not in _MAKERS:
            raise DamagedFile(f"a pickle that asks for {self.text!r} was not read: it is not data")


class Unbuilt:
    """A dtype or an array between its two instructions, and where it is remembered."""

    def __init__(self, dtype_code: str | None) -> None:
        self.dtype_code = dtype_code
        self.memos: list[int] = []


def call(name: Any, given: Any) -> Any:
    """Make what a name stands for from the arguments given."""
    if not isinstance(name, Name) or type(given) is not tuple:
        raise DamagedFile("a pickle was not read: it calls what is not one of the known names")
    return _MAKERS[name.text](*given)


def _encode(text: str, encoding: str) -> bytes:
    if type(text) is not str or encoding not in {"latin1", "latin-1"}:
        raise DamagedFile("a pickle was not read: bytes can be given as Latin-1 text only")
    return text.encode("latin-1")


def _complex(real: float, imaginary: float) -> complex:
    if type(real) is not float or type(imaginary) is not float:
        raise MalformedPickle("not a pickle: a complex number has two float parts")
    return complex(real, imaginary)


def _unbuilt_dtype(code: Any, *_: Any) -> Unbuilt:
    return Unbuilt(_text(code))


def build_dtype(code: str, state: Any) -> np.dtype:
    """Make the dtype of numbers or text of a code such as ``f8``; the state has its byte order."""
    order = _text(state[1])
    if code[:1] not in "biufcSU" or not code[1:].isdigit() or order not in {"<", ">", "|", "="}:
        raise DamagedFile(f"a pickle was not read: numpy values of dtype {code!r} are not data")
    return np.dtype(order + code)


def build_array(state: Any) -> np.ndarray:
    """Make an array from its shape, dtype, order and bytes."""
    _, shape, dtype, fortran, data = state
    return _values(data, dtype, shape, "F" if fortran else "C")


def _scalar(dtype: Any, data: Any) -> Any:
    return _values(data, dtype, (), "C")[()]


def _values(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    content = data.encode("latin-1") if type(data) is str else data
    if not isinstance(dtype, np.dtype) or type(content) is not bytes:
        raise DamagedFile("a pickle was not read: a numpy value is not made of a dtype and bytes")
    array = np.ndarray(shape, dtype, buffer=content, order=order)
    if dtype.itemsize and array.nbytes != len(content):
        raise MalformedPickle(f"not a pickle: {len(content)} bytes for an array of {array.nbytes}")
    return array.copy(order)


def _text(value: Any) -> str:
    return value if type(value) is str else value.decode("ascii")


_MAKERS: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _encode,
    "numpy.dtype": _unbuilt_dtype,
    "numpy.ndarray": lambda *_: Unbuilt(None),
    **dict.fromkeys(("__builtin__.complex", "builtins.complex"), _complex),
    **dict.fromkeys(("__builtin__.bytes", "builtins.bytes"), lambda: b""),
    **dict.fromkeys(
        ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"),
        lambda *_: Unbuilt(None),
    ),
    **dict.fromkeys(("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"), _scalar),
}
