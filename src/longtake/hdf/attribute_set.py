"""Attributes by name, as people look at them: ``attrs.name``, ``attrs['name']``, or printed."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from longtake.errors import LongtakeError, WrongType
from longtake.hdf.html_table import html_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class AttributeNotFound(LongtakeError, KeyError, AttributeError):
    """A node has no attribute of that name."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which spoils a sentence.
        return Exception.__str__(self)


class AttributeSet:
    """The attributes of a node of a file, to read; printed, it shows all of them.

    Iterating gives the names in alphabetical order. A value that cannot be read safely raises
    when it is asked for, and the others stay readable.

    Parameters
    ----------
    path : str
        Of the node.
    values : mapping of str
        What the attributes are; looked at anew each time.

    Raises
    ------
    AttributeNotFound
        A KeyError and an AttributeError, if there is no attribute of that name.

    Examples
    --------
    >>> attributes = AttributeSet("/camera", {"gain": 1.5})
    >>> attributes
    /camera._v_attrs (AttributeSet), 1 attributes:
       [gain := 1.5]
    >>> attributes.gain, "offset" in attributes
    (1.5, False)
    """

    # Every name that is taken here is one that a file's attributes cannot be asked for by.
    __slots__ = ("_path", "_values")

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        self._path = path
        self._values = values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in list(self)

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str):
            raise WrongType(f"an attribute is asked for by its name, not by {name!r}")
        if name not in self:
            raise AttributeNotFound(
                f"{self._path} has no attribute {name!r}; it has {', '.join(self) or 'none'}"
            )
        value = self._values[name]
        if isinstance(value, LongtakeError):  # why it cannot be read
            raise value
        return value

    def __getattr__(self, name: str) -> Any:
        # Python asks for names like __deepcopy__ on its own.
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        # What Python can say after a dot.
        names = [name for name in self if name.isidentifier() and not iskeyword(name)]
        return sorted({*super().__dir__(), *names})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        lines = [f"{name} := {self._shown(name)}" for name in self]
        heading = f"{self._path}._v_attrs (AttributeSet), {len(lines)} attributes"
        return f"{heading}:\n   [" + ",\n    ".join(lines) + "]" if lines else heading

    def _repr_html_(self) -> str:
        return html_table(f"{self._path}, attributes", ((name, self._shown(name)) for name in self))

    def _shown(self, name: str) -> str:
        try:
            return repr(self[name])
        except LongtakeError as error:
            return f"<not readable: {error}>"
