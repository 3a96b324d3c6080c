"""A movie that was recorded in several files, each with many images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.frames.frame import Frame
    from longtake.frames.source import Source


class Pieces:
    """Movies laid end to end, numbered through."""

    def __init__(self, pieces: Sequence[Source]) -> None:
        self._pieces = pieces
        lengths = [piece.length for piece in pieces]
        known = [length for length in lengths if length is not None]
        self.length: int | None = sum(known) if len(known) == len(lengths) else None

    def position(self, number: int) -> int:
        """Where the frame of that number is."""
        return max(number, 0) if self.length is None else min(max(number, 0), self.length)

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on."""
        number = 0
        for piece in self._pieces:
            if piece.length is not None and number + piece.length <= position:
                number += piece.length
                continue
            skipped = max(position - number, 0) if piece.length is not None else 0
            number += skipped
            for frame in piece.frames_from(skipped):
                if number >= position:
                    yield replace(frame, number=number)
                number += 1

    def close(self) -> None:
        """Close the files."""
        for piece in self._pieces:
            piece.close()
