"""The streams of one kind, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Generic, TypeVar

from longtake.errors import KeyNotFound
from longtake.hdf.html_table import html_table

if TYPE_CHECKING:
    from collections.abc import Callable

S = TypeVar("S")


class NoSuchStream(KeyNotFound, AttributeError):
    """There is no stream of that name."""


class StreamCollection(Mapping[str, S], Generic[S]):
    """Streams by name: ``streams["a name"]``, or ``streams.name`` where it is a Python name.

    Parameters
    ----------
    title : str
        What they are, as in ``Data Streams``.
    streams : callable
        Gives the streams that there are at the moment.
    """

    def __init__(self, title: str, streams: Callable[[], Mapping[str, S]]) -> None:
        self._title = title
        self._streams = streams

    def __getitem__(self, name: str) -> S:
        streams = self._streams()
        if name not in streams:
            listed = ", ".join(map(repr, streams)) or "none"
            raise NoSuchStream(f"{self._title} has no {name!r}; there are: {listed}")
        return streams[name]

    def __getattr__(self, name: str) -> S:
        if name.startswith("__"):  # Python's own questions, as copy and pickle ask them
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._streams()))

    def __len__(self) -> int:
        return len(self._streams())

    def __dir__(self) -> list[str]:
        # What Python can say after a dot.
        names = [name for name in self if name.isidentifier() and not iskeyword(name)]
        return sorted({*super().__dir__(), *names})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return "\n".join([f"{self._title}:", *(f"    {name}" for name in self)])

    def _repr_html_(self) -> str:
        return html_table(self._title, ((name, repr(self[name])) for name in self))
