"""A movie in one TIFF file."""

from __future__ import annotations

import math
import os
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import Closed, InvalidArgument, UnreadableFrame
from longtake.frames.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TiffStack:
    """The images of a TIFF file: its pages, or the parts along its first axis.

    What is stored as plain bytes is read straight from its place in the file, without passing a
    lock or a decoder and without mapping the file into memory. What is compressed is decoded
    page by page.

    Parameters
    ----------
    file : Path
        The TIFF file.
    ndim : int
        The number of axes of an image without channels: 3 makes stacks of consecutive pages.
    """

    def __init__(self, file: Path, ndim: int) -> None:
        import tifffile

        self._file = file
        try:
            self._tiff = tifffile.TiffFile(file)
        except (tifffile.TiffFileError, OSError, ValueError) as error:
            raise UnreadableFrame(f"{file} cannot be read as TIFF: {error}") from error
        try:
            self._arrange(ndim)
        except BaseException:
            self.close()
            raise
        # Decoders in several threads share the file's position.
        self._tiff.filehandle.set_lock(True)

    def position(self, number: int) -> int:
        """Where the frame of that number is."""
        return min(max(number, 0), self.length)

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on."""
        if self._tiff.filehandle.closed:
            raise Closed(f"{self._file} was closed")
        for index in range(position, self.length):
            yield Frame(index, f"{self._file}, image {index}", self._decoder(index))

    def close(self) -> None:
        """Close the file."""
        self._tiff.close()

    def _arrange(self, ndim: int) -> None:
        """Find out which axis counts the frames, and where each begins."""
        if not len(self._tiff.series):
            raise UnreadableFrame(f"{self._file} holds no images")
        series = self._tiff.series[0]
        if len(self._tiff.series) > 1 and series.kind == "generic":
            # Pages that differ: taken one by one, so that the odd one out is named in its turn.
            self._pages: Any = self._tiff.pages
            self._shape, self._channel = self._pages.first.shape, None
            self.length: int = len(self._pages)
        else:
            self._pages = series.pages
            self.length, self._shape, self._channel = _layout(
                series.shape, series.axes, ndim, self._file
            )
        self._dtype = np.dtype(series.dtype).newbyteorder(self._tiff.byteorder)
        self._offset: int | None = series.dataoffset if self._pages is series.pages else None
        self._bytes = math.prod(self._shape) * self._dtype.itemsize

    def _decoder(self, index: int) -> Any:
        if self._offset is not None:
            return partial(self._read_bytes, self._offset + index * self._bytes)
        keyframe = self._pages[0]
        pages_each = max(1, math.prod(self._shape) // math.prod(keyframe.shape))
        # Finding the pages moves the file's position, so it is done here, in the iterating thread.
        pages = [self._pages[i] for i in range(index * pages_each, (index + 1) * pages_each)]
        if len(pages) == 1 and (offset := _offset_of(pages[0], self._bytes)) is not None:
            return partial(self._read_bytes, offset)
        return partial(self._decode, pages)

    def _read_bytes(self, offset: int) -> np.ndarray:
        image = np.empty(self._shape, self._dtype)
        done = os.preadv(
            self._tiff.filehandle.fileno(), [image.reshape(-1).view("u1").data], offset
        )
        if done != self._bytes:
            raise OSError(f"the file ends {self._bytes - done} bytes before the image does")
        return self._finish(image)

    def _decode(self, pages: list[Any]) -> np.ndarray:
        images = [page.asarray(maxworkers=1) for page in pages]
        if len(images) == 1:
            image = images[0]
            return self._finish(image if self._channel is None else image.reshape(self._shape))
        return self._finish(np.stack(images).reshape(self._shape))

    def _finish(self, image: np.ndarray) -> np.ndarray:
        if self._channel is not None:
            image = np.moveaxis(image, self._channel, -1)
        return image if image.dtype.isnative else image.astype(image.dtype.newbyteorder("="))


def read_single_tiff(file: Path, ndim: int) -> np.ndarray:
    """Decode a TIFF file that holds one image.

    Raises
    ------
    UnreadableFrame
        If it cannot be read, or holds several.
    """
    with closing(TiffStack(file, ndim)) as stack:
        if stack.length != 1:
            raise UnreadableFrame(
                f"{file} holds {stack.length} images, but the movie's first file holds one"
            )
        return next(stack.frames_from(0)).read()


def _layout(
    shape: tuple[int, ...], axes: str, ndim: int, file: Path
) -> tuple[int, tuple[int, ...], int | None]:
    """Give the number of frames, each one's stored shape, and its channel axis unless it is last.

    Samples (RGB) are always channels. An axis of channels kept as planes is taken for channels if
    there is another one to count the frames; alone it may as well be time, as programs that know
    nothing of the images write it.
    """
    channel = axes.find("S")
    if channel < 0 and len(shape) > ndim + 1:
        channel = axes.find("C")
    spatial = len(shape) - (channel >= 0)
    if spatial == ndim:
        frames, each = 1, shape
    elif spatial == ndim + 1 and channel != 0:
        frames, each, channel = shape[0], shape[1:], channel - 1
    else:
        raise InvalidArgument(
            f"{file} holds an array of {' x '.join(map(str, shape))} (axes {axes}), which is no "
            f"movie of {ndim}-D images: {_other(ndim)}, or read it "
            "with tifffile and pass the part that is wanted"
        )
    return frames, each, channel if 0 <= channel < len(each) - 1 else None


def _other(ndim: int) -> str:
    if ndim == 2:
        return (
            "for a movie of stacks give the diameter for each axis, as in (5, 9, 9) "
            "(to open_frames: ndim=3)"
        )
    return "for a movie of 2-D images give one diameter (to open_frames: ndim=2)"


def _offset_of(page: Any, size: int) -> int | None:
    """Where a page's plain bytes begin, or None if they are not in one piece as the array is."""
    if not page.is_final or page.nbytes != size or sum(page.databytecounts) != size:
        return None
    end = page.dataoffsets[0]
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if offset != end:
            return None
        end = offset + count
    return page.dataoffsets[0]
