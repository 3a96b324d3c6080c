"""One image of a movie: where it is, and how to decode it when it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.errors import LongtakeError, UnreadableFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a movie, not decoded until `read` is called.

    Finding out which frame comes next has to happen in order, by one thread. Decoding need not: a
    `Frame` may be read in any thread, at any time while its movie is open.

    Attributes
    ----------
    number : int
        The frame's number: the one that the image carries, else its position in the movie.
    name : str
        Where it comes from, for messages: a file, or a page of one.
    decode : callable
        ``decode()`` gives the image as it is stored.
    prepare : callable, optional
        ``prepare(frame, image)`` makes of it the image that is wanted.
    """

    number: int
    name: str
    decode: Callable[[], np.ndarray]
    prepare: Callable[[Frame, np.ndarray], np.ndarray] | None = None

    def __str__(self) -> str:
        return f"frame {self.number} ({self.name})"

    def read(self) -> np.ndarray:
        """Decode the image.

        Returns
        -------
        numpy.ndarray
            (H, W), or (Z, H, W) for a movie of stacks.

        Raises
        ------
        UnreadableFrame
            If it is damaged, gone, or of another shape or type than the movie's first image.
        """
        try:
            image = self.decode()
        except (LongtakeError, MemoryError):
            raise
        except Exception as error:
            # Decoders raise anything, from OSError to SyntaxError; to us these all mean one thing.
            reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
            raise UnreadableFrame(
                f"{self} cannot be read: {reason}. Mend or remove it, or skip what is "
                'unreadable (on_error="skip", --on-error skip)'
            ) from error
        return image if self.prepare is None else self.prepare(self, image)
