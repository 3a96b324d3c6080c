"""Columns of a table, as its description declares them: ``pressure = Float64Col(pos=2)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.fitting import fitting
from longtake.tree.stored_type import storable_type


class Col:
    """A column: the type of its values, and what a row has that was given none.

    Parameters
    ----------
    kind : dtype
        Of one value: ``"f8"``, ``numpy.uint8``, ``"S16"``.
    shape : tuple of int
        Of the values that one row has; ``()`` is one.
    dflt
        The default value.
    pos : int, optional
        Columns that have a position come first, in its order; others follow as they are written.

    Examples
    --------
    >>> Col("f8", shape=(3,), dflt=1.5)
    Float64Col(shape=(3,), dflt=1.5)
    """

    def __init__(
        self, kind: Any, shape: int | tuple[int, ...] = (), dflt: Any = None, pos: int | None = None
    ) -> None:
        try:
            dtype = np.dtype(kind)
        except TypeError as error:
            raise WrongType(f"a column of {kind!r}: {error}") from error
        if dtype.subdtype:
            dtype, inner = dtype.subdtype
            shape = (*_sides(shape), *inner)
        self.dtype = storable_type(dtype, "a column")
        self.shape = _sides(shape)
        self.pos = pos
        self.dflt = self._default(dflt)

    @classmethod
    def from_dtype(cls, dtype: Any, dflt: Any = None) -> Col:
        """Give the column of a numpy type, with its shape if it has one."""
        return Col(dtype, dflt=dflt)

    def _default(self, dflt: Any) -> Any:
        empty = np.zeros((), self.dtype)
        if dflt is None:
            return empty[()]
        given = fitting(dflt, self.dtype, "the default of a column")
        try:
            np.broadcast_to(given, self.shape)
        except ValueError as error:
            raise InvalidArgument(
                f"the default {dflt!r} does not fit in a column of the shape {self.shape}: {error}"
            ) from error
        return given[()]

    @property
    def full_dtype(self) -> np.dtype:
        """The numpy type of what one row has."""
        return np.dtype((self.dtype, self.shape)) if self.shape else self.dtype

    def __repr__(self) -> str:
        kind, size = self.dtype.kind, self.dtype.itemsize
        pos = "" if self.pos is None else f", pos={self.pos}"
        dflt = self.dflt.tolist() if isinstance(self.dflt, np.generic | np.ndarray) else self.dflt
        parts = f"shape={self.shape}, dflt={dflt!r}{pos}"
        if kind == "S":
            return f"StringCol(itemsize={size}, {parts})"
        name = {"b": "Bool", "i": "Int", "u": "UInt", "f": "Float", "c": "Complex"}[kind]
        return f"{name}{'' if kind == 'b' else 8 * size}Col({parts})"


def _sides(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    sides = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if any(not isinstance(side, int | np.integer) or side < 1 for side in sides):
        raise InvalidArgument(f"the shape of a column is of whole numbers from 1 on, not {shape!r}")
    return tuple(map(int, sides))


class StringCol(Col):
    """Text of at most `itemsize` bytes, in UTF-8."""

    def __init__(
        self,
        itemsize: int,
        shape: int | tuple[int, ...] = (),
        dflt: Any = None,
        pos: int | None = None,
    ) -> None:
        if not isinstance(itemsize, int | np.integer) or itemsize < 1:
            raise InvalidArgument(f"text has an itemsize of 1 byte or more, not {itemsize!r}")
        super().__init__(f"S{itemsize}", shape, dflt, pos)


class _OneKind(Col):
    _kind: str

    def __init__(
        self, shape: int | tuple[int, ...] = (), dflt: Any = None, pos: int | None = None
    ) -> None:
        super().__init__(self._kind, shape, dflt, pos)


def _column(name: str, kind: str) -> type[_OneKind]:
    return type(name, (_OneKind,), {"_kind": kind, "__doc__": f"Values of the numpy type {kind}."})


BoolCol = _column("BoolCol", "?")
Int8Col = _column("Int8Col", "i1")
Int16Col = _column("Int16Col", "i2")
Int32Col = _column("Int32Col", "i4")
Int64Col = _column("Int64Col", "i8")
UInt8Col = _column("UInt8Col", "u1")
UInt16Col = _column("UInt16Col", "u2")
UInt32Col = _column("UInt32Col", "u4")
UInt64Col = _column("UInt64Col", "u8")
Float16Col = _column("Float16Col", "f2")
Float32Col = _column("Float32Col", "f4")
Float64Col = _column("Float64Col", "f8")
Complex64Col = _column("Complex64Col", "c8")
Complex128Col = _column("Complex128Col", "c16")

#: PyTables' atoms, the elements of arrays, are columns without a name.
Atom = Col
StringAtom, BoolAtom = StringCol, BoolCol
Int8Atom, Int16Atom, Int32Atom, Int64Atom = Int8Col, Int16Col, Int32Col, Int64Col
UInt8Atom, UInt16Atom, UInt32Atom, UInt64Atom = UInt8Col, UInt16Col, UInt32Col, UInt64Col
Float16Atom, Float32Atom, Float64Atom = Float16Col, Float32Col, Float64Col
Complex64Atom, Complex128Atom = Complex64Col, Complex128Col
