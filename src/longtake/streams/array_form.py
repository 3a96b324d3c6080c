"""numpy values inside entries, in the wire form of the msgpack-numpy package, byte for byte.

An array is a map with bytes as keys, in this order: ``nd`` (true), ``type`` (numpy's text for the
dtype, or the list of fields), ``kind`` (``V`` where there are fields, else empty), ``shape``,
``data``. A scalar is ``nd`` (false), ``type``, ``data``. That package reads kind ``O`` with an
unpickler; nothing here does, and no object is ever made from what a file says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from longtake.errors import DamagedFile

#: What marks a map as the wire form of a numpy value, or of a complex number.
MARKERS = (b"nd", b"complex")

_KINDS = "biufcmMSU"
_BUFFER_KINDS = "biufcSU"  # those whose memory numpy hands out as it is
_TYPE_TEXT = re.compile(r"[<>|][biufcmMSUV]\d{1,9}(\[\d{0,9}[A-Za-zμ]{1,7}\])?")
_ARRAY_KEYS = {b"nd", b"type", b"kind", b"shape", b"data"}
_SCALAR_KEYS = {b"nd", b"type", b"data"}
_MAX_DIMENSIONS = 64  # numpy's own limit
_MAX_FIELDS = 4096
_MAX_FIELD_NESTING = 16
_MAX_COMPLEX_TEXT = 100
_LAST_CODE_POINT = 0x10FFFF


def array_refusal(dtype: np.dtype) -> str | None:
    """Say why arrays of a dtype cannot be stored; None if they can."""
    if dtype.kind in _KINDS and dtype.itemsize:
        return None
    if dtype.hasobject:
        return f"an array of dtype {dtype} cannot be stored; give it a numeric or text dtype"
    try:
        returning = dtype_from(_type_of(dtype), has_fields=dtype.kind == "V")
    except (DamagedFile, ValueError):
        returning = None
    # Equal dtypes may still differ in how their fields lie in memory, which numpy compares too.
    if returning != dtype:
        return (
            f"an array of dtype {dtype} would come back with another dtype; use plain fields "
            "without gaps or titles (numpy.lib.recfunctions.repack_fields)"
        )
    return None


def scalar_refusal(dtype: np.dtype) -> str | None:
    """Say why numpy scalars of a dtype cannot be stored; None if they can."""
    if dtype.kind not in _KINDS:
        return f"a numpy scalar of dtype {dtype} cannot be stored; use numpy.asarray(...) of it"
    return None


def wire_form(value: object) -> object:
    """Give what msgpack writes for a numpy array or scalar that was not refused."""
    if isinstance(value, np.ndarray):
        return {
            b"nd": True,
            b"type": _type_of(value.dtype),
            b"kind": b"V" if value.dtype.kind == "V" else b"",
            b"shape": value.shape,
            b"data": _content(value),
        }
    # These three are Python's own types to begin with.
    if isinstance(value, float | bytes):
        return float(value) if isinstance(value, float) else bytes(value)
    if isinstance(value, str):
        return str.__str__(value)  # numpy's own drops zeros at the end
    assert isinstance(value, np.generic)  # noqa: S101  (all else was refused)
    return {b"nd": False, b"type": value.dtype.str, b"data": value.tobytes()}


def _type_of(dtype: np.dtype) -> object:
    return dtype.descr if dtype.kind == "V" else dtype.str


def _content(array: np.ndarray) -> object:
    if array.flags.c_contiguous and array.dtype.kind in _BUFFER_KINDS:
        return array.data
    return array.tobytes()


def numpy_value(form: dict[Any, Any]) -> Any:
    """Give the array, numpy scalar or complex number that a map with a marker stands for.

    Raises
    ------
    DamagedFile
        If the map is not a whole and valid wire form, or names a dtype that holds objects.
    """
    try:
        if b"nd" not in form:
            return _complex(form)
        if form[b"nd"] is True:
            return _array(form)
        if form[b"nd"] is False:
            return _scalar(form)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise DamagedFile(f"a numpy value cannot be read: {error}") from None
    raise DamagedFile("a numpy value is neither an array nor a scalar")


def _complex(form: dict[Any, Any]) -> complex:
    text = form.get(b"data")
    if type(text) is not str or len(text) > _MAX_COMPLEX_TEXT or len(form) != 2:
        raise ValueError("not a complex number")
    return complex(text)


def _array(form: dict[Any, Any]) -> np.ndarray:
    if not _SCALAR_KEYS <= form.keys() <= _ARRAY_KEYS:
        raise ValueError("its keys are not those of an array")
    # Early writers left the kind out.
    kind = form.get(b"kind", b"")
    if kind not in {b"", b"V"}:
        raise ValueError(f"arrays of kind {kind!r} are not read")
    return _filled(dtype_from(form[b"type"], has_fields=kind == b"V"), form[b"shape"], form)


def _scalar(form: dict[Any, Any]) -> Any:
    if form.keys() != _SCALAR_KEYS:
        raise ValueError("its keys are not those of a scalar")
    return _filled(dtype_from(form[b"type"], has_fields=False), [], form)[()]


def _filled(dtype: np.dtype, shape: Any, form: dict[Any, Any]) -> np.ndarray:
    content = form[b"data"]
    if type(content) is not bytes:
        raise ValueError("its data are not bytes")
    if type(shape) is not list or len(shape) > _MAX_DIMENSIONS:
        raise ValueError("its shape is not a list of numbers")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError("its shape is not a list of numbers")
    if prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for shape {tuple(shape)} of {dtype}")
    array = np.ndarray(tuple(shape), dtype, content)
    if content and not _is_sound(array):
        raise ValueError("text or truth values that are none")
    return array


def _is_sound(array: np.ndarray) -> bool:
    """Whether every bit pattern is a value: Python fails on others when they are looked at."""
    dtype = array.dtype
    if dtype.names:
        return all(_is_sound(array[name]) for name in dtype.names)
    if dtype.kind == "U":
        codes = np.ascontiguousarray(array).reshape(-1).view(f"{dtype.str[0]}u4")
        return int(codes.max(initial=0)) <= _LAST_CODE_POINT
    if dtype.kind == "b":
        return int(array.view(np.uint8).max(initial=0)) <= 1
    return True


def dtype_from(described: object, *, has_fields: bool) -> np.dtype:
    """Give the dtype that a wire form names: text, or a list of fields.

    Raises
    ------
    ValueError, TypeError
        If it is not one, holds objects, or takes no space.
    """
    budget = [_MAX_FIELDS]
    dtype = _fields(described, 0, budget) if has_fields else _plain(described)
    # Of values without bytes any number would fit into no data.
    if dtype.hasobject or not dtype.itemsize or (dtype.kind == "V") != has_fields:
        raise ValueError(f"a dtype {dtype} is not read")
    return dtype


@lru_cache(maxsize=256)
def _plain(text: object) -> np.dtype:
    if type(text) is not str or not _TYPE_TEXT.fullmatch(text):
        raise ValueError(f"{str(text)[:40]!r} is no dtype that is read")
    return np.dtype(text)


def _fields(described: object, nesting: int, budget: list[int]) -> np.dtype:
    if not isinstance(described, list) or nesting > _MAX_FIELD_NESTING:
        raise ValueError("its fields are not a list, or nest too deep")
    budget[0] -= len(described)
    if budget[0] < 0:
        raise ValueError(f"it has more than {_MAX_FIELDS} fields")
    return np.dtype([_field(field, nesting, budget) for field in described])


def _field(field: Any, nesting: int, budget: list[int]) -> Any:
    # A tuple when it comes from a dtype, a list when it comes from a file.
    if not isinstance(field, list | tuple) or not 2 <= len(field) <= 3:
        raise ValueError("a field is a name, a type and a shape")
    name, kind, *shapes = field
    if type(name) is not str:
        raise ValueError("a field's name is text")
    dtype = _fields(kind, nesting + 1, budget) if isinstance(kind, list) else _plain(kind)
    if not shapes:
        return name, dtype
    (shape,) = shapes
    if not isinstance(shape, list | tuple) or not all(type(length) is int for length in shape):
        raise ValueError("a field's shape is a list of numbers")
    return name, dtype, tuple(shape)
