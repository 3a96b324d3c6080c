"""A look at a movie's first image, which costs no image its only chance to be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, UnreadableFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from longtake.frames.frame import Frame
    from longtake.frames.source import OnError, Source


class FirstLook:
    """A source whose first readable image was decoded, and is kept for when its turn comes.

    Attributes
    ----------
    frame : Frame
        The first frame; with ``on_error="skip"``, the first that can be read.
    image : numpy.ndarray
        What it decodes to.
    """

    def __init__(self, source: Source, on_error: OnError) -> None:
        self._source = source
        self._seen: list[Frame] = []
        self._rest: Iterator[Frame] | None = source.frames_from(0)
        self.frame, self.image = self._look(self._rest, on_error)
        # A copy for each reader: whoever changes an image in place changes only their own.
        self._seen[-1] = replace(self.frame, decode=self.image.copy)

    @property
    def length(self) -> int | None:
        """How many frames there are, if that is known."""
        return self._source.length

    def position(self, number: int) -> int:
        """Where the frame of that number is."""
        return 0 if number <= self.frame.number else self._source.position(number)

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on; those looked at are not fetched again."""
        if position > 0:
            yield from self._source.frames_from(position)
            return
        rest, self._rest = self._rest, None
        yield from self._seen
        yield from self._source.frames_from(len(self._seen)) if rest is None else rest

    def close(self) -> None:
        """Close the files."""
        self._rest = None
        self._source.close()

    def _look(self, frames: Iterator[Frame], on_error: OnError) -> tuple[Frame, np.ndarray]:
        failure: UnreadableFrame | None = None
        for frame in frames:
            self._seen.append(frame)
            try:
                return frame, frame.read()
            except UnreadableFrame as error:
                if on_error == "raise":
                    raise
                failure = failure or error
        raise failure or InvalidArgument("the movie has no frames")
