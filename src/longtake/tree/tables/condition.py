"""Conditions on the columns of a table, written as text: ``(x > 3) & (name == 'a')``.

The text is parsed by Python's own parser, and what comes of it is calculated here, operation by
operation, on numpy arrays: nothing in it is ever run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.missing import ColumnNotFound
from longtake.tree.tables.calculation import Calculation
from longtake.tree.tables.condition_parts import LISTS, SCALARS, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 10_000
_DEEPEST = 200


class Condition:
    """A condition on the rows of a table, ready to be asked of many blocks of them.

    Parameters
    ----------
    text : str
        With the operators ``& | ~ ^ and or not``, ``< <= > >= == !=`` (also chained),
        ``in`` and ``not in`` (of a list), ``+ - * / // % ** << >>``, and numexpr's functions.
    dtype : numpy.dtype
        Of a row. A column within another is called ``outer.inner``.
    variables : mapping of str to value
        What else may be named: numbers, text, truth values, and lists of them.

    Raises
    ------
    ColumnNotFound
        A KeyError, if it names what is neither a column nor a variable.
    InvalidArgument, WrongType
        If it cannot be understood, says something that is not allowed, or is no condition.

    Guarantees
    ----------
    Numbers are compared as what they are: a float32 with 0.1 as a float64, a negative number with
    an unsigned column, a whole number with one of another width, a column with a constant of any
    length; two columns, of integers and of floats, as float64. Integers are calculated with
    exactly, and refused where 64 bits do not suffice. Text is compared with columns of bytes as
    UTF-8.

    Examples
    --------
    >>> rows = np.array([(1, b"a"), (5, b"b"), (9, b"c")], [("x", "u1"), ("name", "S4")])
    >>> Condition("2 < x < 9 or name in ['a']", rows.dtype).mask(rows)
    array([ True,  True, False])
    """

    def __init__(
        self, text: str, dtype: np.dtype, variables: Mapping[str, object] | None = None
    ) -> None:
        self.text = text
        self._dtype = dtype
        self._variables = variables or {}
        self._tree = _parsed(text)
        #: The columns that it depends on, by the names that the table has for them.
        self.columns: list[str] = []
        result = self._checked(np.zeros(1, dtype))
        if not isinstance(result, np.bool_ | np.ndarray) or result.dtype.kind != "b":
            raise WrongType(f"{text!r} is no condition: it is neither true nor false")

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def mask(self, rows: np.ndarray) -> np.ndarray:
        """Say of each row whether the condition is true.

        Parameters
        ----------
        rows : numpy.ndarray
            Structured; it needs to have the fields in `columns` only.

        Returns
        -------
        numpy.ndarray of bool
            As long as `rows`.
        """
        found = self._checked(rows)
        return found if np.ndim(found) else np.full(len(rows), found)

    def _checked(self, rows: np.ndarray) -> Any:
        try:
            with np.errstate(all="ignore"):  # 1/x where x is 0 is not what anybody asked about
                return Calculation(self, rows).value(self._tree)
        except (TypeError, ValueError, OverflowError) as error:
            if isinstance(error, InvalidArgument | WrongType):
                raise
            raise WrongType(f"{self.text!r} cannot be calculated: {error}") from error

    def named(self, name: str, rows: np.ndarray) -> Any:
        """Give what a name stands for."""
        if name in self._variables:
            return self._variable(name)
        if name not in (self._dtype.names or ()):
            known = ", ".join(self._dtype.names or ())
            raise ColumnNotFound(
                f"{self.text!r}: there is no {name!r}; the columns are {known}; other names are "
                "given by condvars="
            )
        if name not in self.columns:
            self.columns.append(name)
        return rows[name]

    def _variable(self, name: str) -> Any:
        given = self._variables[name]
        value = given[()] if isinstance(given, np.ndarray) and given.ndim == 0 else given
        if isinstance(value, SCALARS):
            return literal(value, self.text)
        kind = type(given).__name__
        raise WrongType(
            f"{self.text!r}: {name} is a {kind}; a variable is a number, a truth value, text, or "
            f"(after 'in') a list of them"
        )

    def listed(self, node: ast.expr) -> list[Any]:
        """Give what a variable lists."""
        given = self._variables.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(given, LISTS) or np.ndim(given) > 1:  # pyright: ignore[reportArgumentType]
            raise WrongType(
                f"{self.text!r}: after 'in' comes a list, or a variable that is one, not "
                f"{ast.unparse(node)}"
            )
        return [literal(value, self.text) for value in given]


def _parsed(text: str) -> ast.expr:
    if not isinstance(text, str):
        raise WrongType(f"a condition is text, not {text!r}")
    if len(text) > _LONGEST:
        raise InvalidArgument(
            f"a condition of {len(text)} characters, of at most {_LONGEST}: give long lists as "
            "variables (condvars=)"
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidArgument(
            f"{text!r} cannot be understood as a condition: {_told(error)}"
        ) from None
    if _depth(tree) > _DEEPEST:
        raise InvalidArgument(f"a condition that nests deeper than {_DEEPEST}: {text[:60]!r}…")
    return tree


def _told(error: Exception) -> str:
    """Say what is wrong, and where."""
    if not isinstance(error, SyntaxError):
        return str(error)
    lines = (error.text or "").splitlines()
    rest = lines[0][error.offset - 1 :].strip() if lines and error.offset else ""
    return f"{error.msg}, {f'at {rest[:40]!r}' if rest else 'at its end'}"


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest
