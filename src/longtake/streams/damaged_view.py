"""A stream that cannot be read, in the place of its view: the rest of the file stays readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from longtake.streams.stream_view import StreamView

if TYPE_CHECKING:
    from longtake.errors import LongtakeError


class DamagedStreamView(StreamView[Any]):
    """Says what is wrong with a stream whenever it is used.

    Parameters
    ----------
    name : str
    group : str
        The path of its group.
    error : LongtakeError
        Raised by every call.
    """

    def __init__(self, name: str, group: str, error: LongtakeError) -> None:
        super().__init__(name, {})
        self.error = error
        self._group = group

    @property
    def group(self) -> str:
        """The path of the stream's group in the file."""
        return self._group

    def refresh(self) -> NoReturn:
        """Raise what is wrong."""
        raise self.error

    def look(self) -> NoReturn:
        """Raise what is wrong."""
        raise self.error

    def first_row_from(self, key: int) -> NoReturn:  # noqa: ARG002
        """Raise what is wrong."""
        raise self.error

    def key_of_row(self, row: int) -> NoReturn:  # noqa: ARG002
        """Raise what is wrong."""
        raise self.error

    def rows_from(self, first: int, last: int) -> NoReturn:  # noqa: ARG002
        """Raise what is wrong."""
        raise self.error

    def _form(self) -> str:
        return "not readable"

    @property
    def _known(self) -> NoReturn:
        raise self.error

    def _read(self, first: int, last: int) -> NoReturn:  # noqa: ARG002
        raise self.error

    def _value(self, key: int) -> NoReturn:  # noqa: ARG002
        raise self.error

    def __getattr__(self, name: str) -> Any:
        # Whatever a whole stream of some kind could be asked for.
        if name.startswith("_"):
            raise AttributeError(name)
        raise self.error
