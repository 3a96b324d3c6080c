"""A movie in a video file."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from longtake.errors import InvalidArgument, UnreadableFrame
from longtake.frames.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np


class Video:
    """The images of a video file, decoded one after the other by the thread that iterates.

    Images are (H, W, 3), red, green and blue; (H, W) if the video was made without colour. The
    decoder itself uses several threads.

    MP4, MOV and AVI say how many images they hold. Where fewer can be decoded, the missing ones are
    given as frames that cannot be read. Other containers (MKV, WebM, GIF, MP4 in fragments) do not
    say it, and a file cut short cannot be told from a shorter one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        with _open(file) as video:
            properties = video.properties()
            count = properties.shape[0] if properties.shape else 0
            self._is_gray = str(video.metadata()["video_format"]).startswith("gray")
        # Some containers do not say how many images they hold.
        self.length: int | None = int(count) if count and math.isfinite(count) else None

    def position(self, number: int) -> int:
        """Where the frame of that number is."""
        return max(number, 0) if self.length is None else min(max(number, 0), self.length)

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on; those before are decoded, as video demands."""
        with _open(self._file) as video:
            pixels = {"format": None} if self._is_gray else {}
            images = video.iter(thread_type="FRAME", **pixels)
            count = 0
            for index, image in enumerate(_named(images, self._file)):
                count = index + 1
                if index >= position:
                    yield Frame(index, f"{self._file}, image {index}", _Decoded(image))
        for index in range(max(position, count), self.length or 0):
            yield Frame(index, f"{self._file}, image {index}", partial(self._missing, index, count))

    def close(self) -> None:
        """Do nothing: the file is open only while it is iterated."""

    def _missing(self, index: int, count: int) -> np.ndarray:
        raise UnreadableFrame(
            f"image {index} of {self._file} cannot be decoded: the file should hold {self.length} "
            f"images, and ends after {count}; it is cut short, or was trimmed without being "
            "encoded anew. Skip what is unreadable, or encode it anew to keep what there is"
        )


class _Decoded:
    """An image that needs no decoding any more."""

    def __init__(self, image: np.ndarray) -> None:
        self._image = image

    def __call__(self) -> np.ndarray:
        return self._image


def _named(images: Iterator[np.ndarray], file: Path) -> Iterator[np.ndarray]:
    index = 0
    try:
        for image in images:
            yield image
            index += 1
    except Exception as error:
        raise UnreadableFrame(f"frame {index} of {file} cannot be decoded: {error}") from error


def _open(file: Path) -> Any:
    import imageio.v3

    try:
        import av  # noqa: F401  (imageio says no more than that it found no decoder)
    except ImportError as error:
        raise InvalidArgument(
            f"{file} is a video, and the package that decodes videos is not installed: "
            'pip install "longtake[video]"'
        ) from error
    try:
        return imageio.v3.imopen(file, "r", plugin="pyav")
    except Exception as error:
        raise UnreadableFrame(f"{file} cannot be read as a video: {error}") from error
