"""One row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import OutOfRange
from longtake.tree.missing import ColumnNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Row:
    """The values of a row, by the name or the number of a column: ``row['x']``, ``row[0]``.

    Unlike PyTables', a row stays as it is when the next one is asked for. ``row[:]`` is a tuple.
    """

    __slots__ = ("_path", "_places", "_values", "nrow")

    def __init__(self, path: str, nrow: int, places: Mapping[str, int], values: list[Any]) -> None:
        self._path = path
        self._places = places
        self._values = values
        #: The number of the row in its table.
        self.nrow = nrow

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            try:
                return self._values[self._places[key]]
            except KeyError:
                raise ColumnNotFound(
                    f"{self._path} has no column {key!r}; it has {', '.join(self._places)}"
                ) from None
        if isinstance(key, slice):
            return tuple(self._values[key])
        try:
            return self._values[key]
        except IndexError:
            raise OutOfRange(
                f"{self._path} has no column {key}: there are {len(self._values)}"
            ) from None

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={self._values[at]!r}" for name, at in self._places.items())
        return f"<Row {self.nrow} of {self._path}: {shown}>"
