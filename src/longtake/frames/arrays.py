"""Images that a program holds or makes: arrays, readers, lists, generators."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.frames.frame import Frame
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HIGHEST = 2**63 - 1


class SequenceSource:
    """Anything with a length and items: an array, a list of images, a pims reader, a dataset.

    The items are fetched in the thread that iterates: readers are seldom made for several.
    """

    def __init__(self, items: Any) -> None:
        self._items = items
        self.length: int = len(items)

    def position(self, number: int) -> int:
        """Where the frame of that number is, found by halving where the images carry numbers."""
        if isinstance(self._items, np.ndarray) or not self._carries_numbers():
            return min(max(number, 0), self.length)
        return bisect_left(range(self.length), number, key=lambda i: _number(self._items[i], i))

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames from that position on."""
        for index in range(position, self.length):
            try:
                item = self._items[index]
            except Exception as error:
                # Told when the frame is read, as it is of a damaged file.
                yield Frame(index, f"item {index}", partial(_fail, error))
            else:
                yield Frame(_number(item, index), f"item {index}", partial(_pixels, item))

    def close(self) -> None:
        """Do nothing: who made the items closes them."""

    def _carries_numbers(self) -> bool:
        return self.length > 0 and getattr(self._items[0], "frame_no", None) is not None


class IterableSource:
    """Anything that gives one image after another, once: a generator, a camera."""

    length: int | None = None

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._position = 0

    def position(self, number: int) -> int:  # noqa: ARG002  (only reading on can tell)
        """Give 0: only reading on can tell."""
        return 0

    def frames_from(self, position: int) -> Iterator[Frame]:
        """Give the frames that were not given yet."""
        if position != self._position:
            raise InvalidArgument(
                "these frames come from a generator, which gives each only once: "
                "open a new one to read them again"
            )
        for item in self._items:
            index, self._position = self._position, self._position + 1
            yield Frame(_number(item, index), f"item {index}", partial(_pixels, item))

    def close(self) -> None:
        """Do nothing: who made the generator closes it."""


def _number(item: Any, position: int) -> int:
    number = getattr(item, "frame_no", None)
    if number is None:
        return position
    return whole_number(number, f"the frame number that item {position} carries")


def _pixels(item: Any) -> np.ndarray:
    if isinstance(item, str | bytes | PathLike):
        raise WrongType(
            f"an image is an array of numbers, not the path {item!r}: give paths as a list "
            "(list(paths)), or as a pattern such as 'run/*.png'"
        )
    # Readers give arrays of their own classes; what follows wants the plain kind.
    pixels = np.asarray(item)
    if pixels.dtype.kind == "c":
        raise WrongType(
            f"the pixels are complex numbers ({pixels.dtype}): give abs() or .real of the images"
        )
    if pixels.dtype.kind not in "biuf":
        raise WrongType(f"an image is an array of numbers, not a {type(item).__name__}")
    return pixels


def _fail(error: Exception) -> np.ndarray:
    raise error


def as_source(items: Any) -> SequenceSource | IterableSource:
    """Take images that are in the program already."""
    if isinstance(items, np.ndarray) and items.ndim == 1 and items.dtype.kind in "USO":
        return SequenceSource(items)  # of images, or of paths: told when the first is looked at
    if isinstance(items, np.ndarray) and items.ndim < 2:
        raise InvalidArgument(f"an array of shape {items.shape} holds no images")
    if hasattr(items, "__getitem__") and hasattr(items, "__len__"):
        return SequenceSource(items)
    return IterableSource(items)
