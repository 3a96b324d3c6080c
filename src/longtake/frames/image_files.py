"""A movie of files with one image in each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from longtake.errors import UnreadableFrame
from longtake.frames.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"


class ImageFiles:
    """Files that hold one image each, in the order given; ``read(file)`` decodes one."""

    def __init__(self, files: Sequence[Path], read: Callable[[Path], np.ndarray]) -> None:
        self._files = files
        self._read = read
        self.length: int | None = len(files)

    def position(self, number: int) -> int:
        """Where the frame of that number is."""
        return min(max(number, 0), len(self._files))

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on."""
        for index in range(position, len(self._files)):
            file = self._files[index]
            yield Frame(index, str(file), partial(self._read, file))

    def close(self) -> None:
        """Do nothing: a file is open only while it is decoded."""


def read_image(file: Path) -> np.ndarray:
    """Decode a PNG, JPEG or BMP file.

    The decoder releases Python's lock, so that several threads decode at once.

    Returns
    -------
    numpy.ndarray
        (H, W), or (H, W, C) if its pixels have channels; of the type that is stored.

    Raises
    ------
    UnreadableFrame
        If less than what is stored would be given: of several images the first, of 16-bit
        channels the upper half.
    """
    # Imported when the first image is read: it takes longer to import than the rest of longtake.
    import imageio.v3

    with file.open("rb") as stored:
        head = stored.read(26)
    if not head:
        raise OSError("the file is empty")
    if head.startswith(_PNG):
        _refuse_wide_channels(file, head)
    opened: Any = imageio.v3.imopen(file, "r", plugin="pillow")
    with opened as image:
        count = image.properties(index=...).n_images
        # What a JPEG holds besides its image are previews of it.
        if count > 1 and not head.startswith(_JPEG):
            raise UnreadableFrame(
                f"{file} holds {count} images, where one is wanted: save it as a TIFF stack, "
                "or read it with imageio and pass the array"
            )
        return image.read(index=0)


def _refuse_wide_channels(file: Path, head: bytes) -> None:
    """Refuse what Pillow would cut to 8 bits; depth and colour type are the bytes 24 and 25."""
    if head[24:25] == b"\x10" and head[25:26] != b"\x00":
        raise UnreadableFrame(
            f"{file} has channels of 16 bits, of which the PNG decoder keeps 8: "
            "save it as TIFF, or as 16-bit gray"
        )
