"""What each kind of movie implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.frames.frame import Frame

OnError = Literal["raise", "skip"]


class Source(Protocol):
    """Where frames come from, before anything is known of their shape or channels."""

    @property
    def length(self) -> int | None:
        """How many frames there are, if that is known."""
        ...

    def position(self, number: int) -> int:
        """Where the frame of that number is, or the next one; 0 if only reading on can tell."""
        ...

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on, in order, without decoding those before."""
        ...

    def close(self) -> None:
        """Close the files. Closing twice is allowed."""
        ...
