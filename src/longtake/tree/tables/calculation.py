"""Calculating a parsed condition for a block of rows, operation by operation, on numpy arrays."""

from __future__ import annotations

import ast
import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.missing import ColumnNotFound
from longtake.tree.tables.condition_parts import FUNCTIONS, in_64_bits, kind_of, literal
from longtake.tree.tables.exact_numbers import (
    ARITHMETIC,
    COMPARISONS,
    LOGIC,
    Beyond64Bits,
    calculated,
    compared,
    is_whole,
)

if TYPE_CHECKING:
    from longtake.tree.tables.condition import Condition

_TIGHT = (ast.BitAnd, ast.BitOr, ast.BitXor)
_BRACKETS = (
    "cannot be calculated so: & and | take two truth values or two whole numbers, and bind tighter "
    "than comparisons: put brackets around these, as in (x > 0) & (x < 5), or write 'and'"
)


class Calculation:
    """One calculation of a condition, for one block of rows."""

    def __init__(self, condition: Condition, rows: np.ndarray) -> None:
        self._condition = condition
        self._rows = rows

    def value(self, node: ast.expr) -> Any:
        """Calculate a part."""
        calculate = getattr(self, f"_{type(node).__name__}", None)
        if calculate is None:
            raise self._refused(node)
        return calculate(node)

    def _Name(self, node: ast.Name) -> Any:  # noqa: N802  (the parser's name)
        return self._plain(node, self._condition.named(node.id, self._rows))

    def _Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        """A column within a column."""
        path: list[str] = []
        outer: ast.expr = node
        while isinstance(outer, ast.Attribute):
            path.append(outer.attr)
            outer = outer.value
        if not isinstance(outer, ast.Name):
            raise self._refused(node)
        found = self._condition.named(outer.id, self._rows)
        for name in reversed(path):
            names = found.dtype.names if isinstance(found, np.ndarray) else None
            if name not in (names or ()):
                there = f"the columns are {', '.join(names)}" if names else "it is one column"
                raise ColumnNotFound(
                    f"{self._condition.text!r}: there is no {ast.unparse(node)!r} in "
                    f"{outer.id!r}; {there}"
                )
            found = found[name]
        return self._plain(node, found)

    def _plain(self, node: ast.expr, found: Any) -> Any:
        """Refuse a column of which one row is more than one value."""
        if isinstance(found, np.ndarray) and found.dtype.names:
            inner = ", ".join(f"{ast.unparse(node)}.{name}" for name in found.dtype.names)
            raise WrongType(
                f"{self._condition.text!r}: {ast.unparse(node)} is several columns: {inner}"
            )
        if isinstance(found, np.ndarray) and found.ndim > 1:
            raise WrongType(
                f"{self._condition.text!r}: a row of {ast.unparse(node)} is not one value, but "
                f"{found.shape[1:]}"
            )
        return found

    def _Constant(self, node: ast.Constant) -> Any:  # noqa: N802
        return literal(node.value, self._condition.text)

    def _List(self, node: ast.List | ast.Tuple | ast.Set) -> Any:  # noqa: N802
        raise WrongType(f"{self._condition.text!r}: {ast.unparse(node)} stands after no 'in'")

    _Tuple = _Set = _List

    def _BoolOp(self, node: ast.BoolOp) -> Any:  # noqa: N802
        combine = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        return reduce(combine, [self._truth(part) for part in node.values])

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:  # noqa: N802
        if isinstance(node.op, ast.Not):
            return ~self._truth(node.operand)
        value = self.value(node.operand)
        if isinstance(node.op, ast.Invert):
            return self._inverted(node, self._of_kind(node.operand, value, "truth", "number"))
        self._of_kind(node.operand, value, "number")
        if isinstance(node.op, ast.UAdd):
            return value
        zero = 0 if isinstance(value, int) or value.dtype.kind in "iu" else None
        return -value if zero is None else self._calculated(node, ast.Sub, zero, value)

    def _inverted(self, node: ast.expr, value: Any) -> Any:
        return ~value if kind_of(value) == "truth" else self._calculated(node, ast.Sub, -1, value)

    def _BinOp(self, node: ast.BinOp) -> Any:  # noqa: N802
        left, right = self.value(node.left), self.value(node.right)
        how = type(node.op)
        if how in LOGIC:
            self._of_kind(node.left, left, "truth", "number")
            self._of_kind(node.right, right, "truth", "number")
            kinds = {kind_of(left), kind_of(right)}
            if len(kinds) > 1 or (kinds == {"number"} and not (is_whole(left) and is_whole(right))):
                raise WrongType(f"{self._condition.text!r}: {ast.unparse(node)} {_BRACKETS}")
            if kinds == {"truth"}:
                return LOGIC[how](left, right)
        elif how not in ARITHMETIC:
            raise self._refused(node)
        self._of_kind(node.left, left, "number")
        self._of_kind(node.right, right, "number")
        return self._calculated(node, how, left, right)

    def _calculated(self, node: ast.expr, how: type[ast.AST], left: Any, right: Any) -> Any:
        try:
            return calculated(how, left, right)
        except Beyond64Bits:
            raise InvalidArgument(
                f"{self._condition.text!r}: {ast.unparse(node)} does not fit in 64 bits; times "
                "1.0, numbers are calculated with as floats"
            ) from None

    def _Compare(self, node: ast.Compare) -> Any:  # noqa: N802
        parts = [node.left, *node.comparators]
        for part in parts[1:-1]:
            if type(_operator(part)) in _TIGHT and not self._is_bracketed(part):
                raise InvalidArgument(f"{self._condition.text!r}: {ast.unparse(part)} {_BRACKETS}")
        results = [
            self._compared(left, how, right)
            for left, how, right in zip(parts, node.ops, parts[1:], strict=False)
        ]
        return reduce(operator.and_, results)

    def _is_bracketed(self, node: ast.expr) -> bool:
        text = self._condition.text.strip().encode().splitlines()
        before = text[node.lineno - 1][: node.col_offset].rstrip()
        after = text[(node.end_lineno or 1) - 1][node.end_col_offset :].lstrip()
        return before.endswith(b"(") and after.startswith(b")")

    def _compared(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(how, ast.In | ast.NotIn):
            found = self._is_in(left, right)
            return ~found if isinstance(how, ast.NotIn) else found
        if type(how) not in COMPARISONS:
            raise InvalidArgument(
                f"{self._condition.text!r}: 'is' compares objects, of which there are none here; "
                "use =="
            )
        a, b = self.value(left), self.value(right)
        self._require_comparable(left, a, right, b)
        return compared(type(how), a, b)

    def _is_in(self, left: ast.expr, right: ast.expr) -> Any:
        value = self.value(left)
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            options = [self.value(part) for part in right.elts]
        else:
            options = self._condition.listed(right)
        for option in options:
            self._require_comparable(left, value, right, option)
        return reduce(
            operator.or_, [compared(ast.Eq, value, option) for option in options], np.False_
        )

    def _Call(self, node: ast.Call) -> Any:  # noqa: N802
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS:
            raise InvalidArgument(
                f"{self._condition.text!r}: {name} is no function that a condition may use; those "
                f"are {', '.join(sorted(FUNCTIONS))}"
            )
        function, kinds = FUNCTIONS[name]
        if len(node.args) != len(kinds) or node.keywords:
            raise InvalidArgument(
                f"{self._condition.text!r}: {name} takes {len(kinds)} arguments, not "
                f"{len(node.args) + len(node.keywords)}"
            )
        values = [
            in_64_bits(self._of_kind(argument, self.value(argument), kind), self._condition.text)
            for argument, kind in zip(node.args, kinds, strict=True)
        ]
        return function(*values)

    def _truth(self, node: ast.expr) -> Any:
        return self._of_kind(node, self.value(node), "truth")

    def _of_kind(self, node: ast.expr, value: Any, *kinds: str) -> Any:
        if kind_of(value) not in kinds:
            raise WrongType(
                f"{self._condition.text!r}: {ast.unparse(node)} is a {kind_of(value)}, and stands "
                f"where a {' or a '.join(kinds)} should"
            )
        return value

    def _require_comparable(self, left: ast.expr, a: Any, right: ast.expr, b: Any) -> None:
        if (kind_of(a) == "text") != (kind_of(b) == "text"):
            raise WrongType(
                f"{self._condition.text!r}: {ast.unparse(left)} is a {kind_of(a)} and "
                f"{ast.unparse(right)} a {kind_of(b)}: they cannot be compared"
            )

    def _refused(self, node: ast.AST) -> InvalidArgument:
        return InvalidArgument(
            f"{self._condition.text!r}: {ast.unparse(node)} is nothing that a condition may hold; "
            "give its value as a variable (condvars=)"
        )


def _operator(node: ast.expr) -> ast.operator | None:
    return node.op if isinstance(node, ast.BinOp) else None
