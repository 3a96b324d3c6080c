"""Which streams of a recording are followed, and by what name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import InvalidArgument, KeyNotFound, WrongType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.streams import StreamFileView


class WantedStreams:
    """Finds the streams that were asked for, as they appear: all of them, or those of some names.

    Parameters
    ----------
    names : tuple of str
        Each as ``camera`` or ``frame_stream/camera``; none for all streams.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        for name in names:
            if not isinstance(name, str):
                raise WrongType(f"a stream is asked for by its name, not by {name!r}")
        self._names = {name.strip("/"): name for name in names}
        if len(self._names) < len(names):
            raise InvalidArgument(f"of the streams {names}, one is asked for twice")
        self._found: dict[str, str] = {}  # by its full name: what it is called
        self._generation = -1

    def new_ones(self, file: StreamFileView) -> Iterator[tuple[str, Any]]:
        """Give the streams that were not given yet, each with what it is called.

        Raises
        ------
        KeyNotFound
            If streams of two kinds have the name that was asked for.
        """
        if file.generation == self._generation:
            return
        self._generation = file.generation
        for kind, view in file.streams:
            full = f"{kind}/{view.name}"
            called = self._called(full, view.name, file)
            if full not in self._found and called is not None:
                self._found[full] = called
                yield called, view

    def require_found(self, file: StreamFileView) -> None:
        """Raise `KeyNotFound` if a stream that was asked for is not there."""
        missing = set(self._names.values()) - set(self._found.values())
        if missing:
            listed = ", ".join(repr(f"{kind}/{view.name}") for kind, view in file.streams)
            raise KeyNotFound(
                f"{file.path} has no stream {sorted(missing)[0]!r}, and nobody writes it any more; "
                f"there are: {listed or 'none'}"
            )

    def _called(self, full: str, name: str, file: StreamFileView) -> str | None:
        if full in self._names:
            return self._names[full]
        is_shared = sum(view.name == name for _, view in file.streams) > 1
        if not self._names:
            return full if is_shared else name
        if name in self._names and is_shared:
            kinds = " or ".join(repr(f"{k}/{v.name}") for k, v in file.streams if v.name == name)
            raise KeyNotFound(f"{file.path}: say which stream {name!r} is meant: {kinds}")
        return self._names.get(name)
