"""What an array is to be, from what was asked for: its type, shape and chunks, and its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.fitting import array_of, fitting
from longtake.tree.leaf import require_appendable
from longtake.tree.stored_type import storable_type
from longtake.tree.tables.columns import Col
from longtake.whole_number import whole_number


@dataclass(frozen=True)
class ArrayForm:
    """A form that can be stored, with values that fit in it."""

    dtype: np.dtype
    shape: tuple[int, ...]
    #: None where they are to be chosen.
    chunks: tuple[int, ...] | None
    #: What an element is that was never written; None for zero.
    fill: Any
    values: np.ndarray | None


def values_of(obj: Any, what: str) -> np.ndarray:
    """Give values as an array that can be stored."""
    obj = np.ma.filled(obj) if isinstance(obj, np.ma.MaskedArray) else obj
    return fitting(obj, storable_type(array_of(obj, what).dtype, what), what)


def fixed_form(name: str, obj: Any, atom: Any, shape: Any, chunkshape: Any) -> ArrayForm:
    """Give the form of an array of fixed size: that of its values, or as asked for."""
    values = None if obj is None else values_of(obj, f"{name!r}")
    dtype, fill = _element(name, values, atom)
    sides = _shape(name, values, shape)
    if values is not None:
        values = fitting(values, dtype, f"{name!r}")
        if values.shape != sides:
            raise InvalidArgument(f"{name!r}: values of the shape {values.shape}, for {sides}")
    return ArrayForm(dtype, sides, _chunks(name, chunkshape, sides), fill, values)


def growing_form(name: str, obj: Any, atom: Any, shape: Any, chunkshape: Any) -> ArrayForm:
    """Give the form of an array that grows along the axis that is 0, by itself the first."""
    values = None if obj is None else values_of(obj, f"{name!r}")
    dtype, fill = _element(name, values, atom)
    if values is not None and shape is None:
        shape = (0, *values.shape[1:])
    sides = _shape(name, None, shape)
    if values is not None:
        values = fitting(values, dtype, f"{name!r}")
        require_appendable(values, sides, name)
    return ArrayForm(dtype, sides, _chunks(name, chunkshape, sides), fill, values)


def _element(name: str, values: np.ndarray | None, atom: Any) -> tuple[np.dtype, Any]:
    """Give the type of an element, and what one is that was never written."""
    if isinstance(atom, Col):
        if atom.shape:
            raise InvalidArgument(
                f"{name!r}: {atom} is several values: make them axes of the shape"
            )
        return atom.dtype, _fill(name, atom)
    if atom is None and values is not None:
        return values.dtype, None
    if atom is None:
        raise InvalidArgument(f"{name!r} needs values (obj=), or an atom and a shape")
    if isinstance(atom, np.ndarray | list | tuple):
        raise WrongType(f"{name!r}: an atom is a type, such as 'f4'; values are given as obj=")
    try:
        return storable_type(np.dtype(atom), f"{name!r}"), None
    except TypeError as error:
        if isinstance(error, WrongType):
            raise
        raise WrongType(f"{name!r}: {atom!r} is no type of numpy: {error}") from error


def _fill(name: str, atom: Col) -> Any:
    fill = atom.dflt
    if isinstance(fill, bytes) and b"\0" in fill:
        raise InvalidArgument(f"{name!r}: a default of text ends at a NUL, and {fill!r} has one")
    return fill if np.any(fill) else None


def _shape(name: str, values: np.ndarray | None, shape: Any) -> tuple[int, ...]:
    if shape is None and values is not None:
        return values.shape
    if shape is None:
        raise InvalidArgument(f"{name!r} needs values (obj=), or an atom and a shape")
    return _sides(name, shape)


def _sides(name: str, shape: Any) -> tuple[int, ...]:
    sides = shape if isinstance(shape, Iterable) and not isinstance(shape, str) else (shape,)
    return tuple(whole_number(side, f"the shape of {name!r}", least=0) for side in sides)


def _chunks(name: str, chunkshape: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    if chunkshape is None:
        return None
    chunks = _sides(name, chunkshape)
    # Along the axis that is 0, an array grows.
    fits = len(chunks) == len(shape) and all(
        1 <= chunk <= (side or chunk) for chunk, side in zip(chunks, shape, strict=True)
    )
    if not fits:
        raise InvalidArgument(f"{name!r}: chunks of {chunks} do not fit in the shape {shape}")
    return chunks
