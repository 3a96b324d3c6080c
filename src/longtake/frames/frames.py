"""A movie: its frames in order, all of one shape and type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from xxhash import xxh3_64_hexdigest

from longtake.errors import InvalidArgument, UnreadableFrame, WrongType
from longtake.frames.first_look import FirstLook
from longtake.frames.gray import Gray, to_gray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from longtake.frames.frame import Frame
    from longtake.frames.source import OnError, Source


@dataclass(frozen=True, slots=True)
class _Preparation:
    """Makes gray images of one shape and type, and refuses those that differ."""

    gray: Gray
    ndim: int
    shape: tuple[int, ...]
    dtype: np.dtype
    first: str

    def __call__(self, frame: Frame, image: np.ndarray) -> np.ndarray:
        try:
            wanted = to_gray(image, self.gray, self.ndim, str(frame))
        except InvalidArgument as error:
            # `gray` did for the first image: it is this one that is out of line.
            raise self._misfit(frame, image) from error
        if wanted.shape != self.shape or wanted.dtype != self.dtype:
            raise self._misfit(frame, wanted)
        return wanted

    def _misfit(self, frame: Frame, image: np.ndarray) -> UnreadableFrame:
        return UnreadableFrame(
            f"{frame} is {_kind(image.shape, image.dtype)}, but the movie's first, "
            f"{self.first}, is {_kind(self.shape, self.dtype)}: all must be alike"
        )


class Frames:
    """A movie's frames, in order, each decoded when it is read. Made by `open_frames`.

    Iterating gives `Frame` objects: ``frame.number`` and ``frame.read()``. A movie from a generator
    can be iterated once, all others again and again.

    Iterate in one thread; read the frames in as many as you like. Memory: the movie's first image,
    and those that are being read.

    Attributes
    ----------
    shape : tuple of int
        Shape of each image: (H, W) or (Z, H, W).
    dtype : numpy.dtype
        Type of its pixels.
    fingerprint : str
        A checksum of the first image's pixels, to tell one movie from another.
    """

    def __init__(self, source: Source, gray: Gray, ndim: int, on_error: OnError) -> None:
        self._source = FirstLook(source, on_error)
        self._start: int | None = None
        first = str(self._source.frame)
        image = to_gray(self._source.image, gray, ndim, first)
        self.shape: tuple[int, ...] = image.shape
        self.dtype: np.dtype = image.dtype
        self.fingerprint = fingerprint_of(image)
        self._prepare = _Preparation(gray, ndim, image.shape, image.dtype, first)

    @property
    def length(self) -> int | None:
        """How many frames there are, or None where only reading to the end can tell."""
        length = self._source.length
        if length is None or self._start is None:
            return length
        return max(length - self._source.position(self._start), 0)

    def __len__(self) -> int:
        length = self.length
        if length is None:
            raise WrongType("the number of frames is not known before the last one was read")
        return length

    def starting_at(self, number: int) -> Frames:
        """Give the same movie without the frames whose number is lower.

        Files, stacks, arrays and sequences go there directly, supposing that their numbers ascend;
        a video or a generator has to be read up to there. Both movies share their files: closing
        one closes the other.
        """
        later = object.__new__(Frames)
        later.__dict__.update(self.__dict__, _start=number)
        return later

    def __iter__(self) -> Iterator[Frame]:
        position = 0 if self._start is None else self._source.position(self._start)
        previous = None
        for frame in self._source.frames_from(position):
            if frame.number == previous:
                raise InvalidArgument(
                    f"two images, one after the other, carry the frame number {previous}: "
                    "correct their frame_no, or pass plain arrays to have them numbered 0, 1, 2"
                )
            previous = frame.number
            if self._start is None or frame.number >= self._start:
                yield replace(frame, prepare=self._prepare)

    def close(self) -> None:
        """Close the movie's files. Closing twice is allowed."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        length = "?" if self.length is None else self.length
        return f"<Frames: {length} of {_kind(self.shape, self.dtype)}>"


def fingerprint_of(image: np.ndarray) -> str:
    """Give a checksum of an image's pixels, to tell one movie from another by its first."""
    return xxh3_64_hexdigest(np.ascontiguousarray(image).view(np.uint8).data)


def _kind(shape: tuple[int, ...], dtype: np.dtype) -> str:
    return f"{' x '.join(map(str, shape))} {dtype}"
