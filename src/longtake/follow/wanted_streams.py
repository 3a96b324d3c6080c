"""Which streams of a recording are followed, and by what name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import InvalidArgument, KeyNotFound, WrongType
from longtake.streams.damaged_view import DamagedStreamView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.streams import StreamFileView
    from longtake.streams.stream_view import StreamView

    _View = StreamView[Any]


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
        self._found: dict[str, _View] = {}  # by its full name
        self._called: dict[str, str] = {}  # likewise
        self._generation = -1

    @property
    def missing(self) -> list[str]:
        """Those that were asked for, and did not appear yet."""
        return [name for name in self._names.values() if name not in self._called.values()]

    def new_ones(self, file: StreamFileView) -> list[tuple[str, _View]]:
        """Give the streams that were not given yet, each with what it is called.

        One that could not be read is given again when it can be.

        Raises
        ------
        KeyNotFound
            If streams of two kinds have the name that was asked for.
        """
        if file.generation == self._generation:
            return []
        views = {f"{kind}/{view.name}": view for kind, view in file.streams}
        new = {full: view for full, view in views.items() if self._is_new(full, view)}
        called = {full: self._name_of(full, views, file) for full in new}
        wanted = {full: name for full, name in called.items() if name is not None}
        self._found |= {full: new[full] for full in wanted}
        self._called |= wanted
        self._generation = file.generation
        return [(name, new[full]) for full, name in wanted.items()]

    def require_found(self, file: StreamFileView) -> None:
        """Raise `KeyNotFound` if a stream that was asked for is not there."""
        if self.missing:
            listed = ", ".join(repr(f"{kind}/{view.name}") for kind, view in file.streams)
            raise KeyNotFound(
                f"{file.path} has no stream {self.missing[0]!r}, and nobody writes it any more; "
                f"there are: {listed or 'none'}"
            )

    def _is_new(self, full: str, view: _View) -> bool:
        known = self._found.get(full)
        was_damaged = isinstance(known, DamagedStreamView)
        return known is None or (was_damaged and not isinstance(view, DamagedStreamView))

    def _name_of(self, full: str, views: Mapping[str, _View], file: StreamFileView) -> str | None:
        """Give what a stream is called; None if it was not asked for."""
        if full in self._called:
            return self._called[full]
        if full in self._names:
            return self._names[full]
        name = views[full].name
        alike = [other for other, view in views.items() if view.name == name]
        if not self._names:
            return name if len(alike) == 1 else full
        meant = self._names.get(name)
        if meant is None or meant in self._called.values():
            return None
        if len(alike) > 1:
            kinds = " or ".join(map(repr, alike))
            raise KeyNotFound(f"{file.path}: say which stream {name!r} is meant: {kinds}")
        return meant
