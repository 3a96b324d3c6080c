"""From an image with colour channels to one value a pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from longtake.errors import InvalidArgument, WrongType

#: How to make one value of a pixel's channels.
Gray = int | Literal["mean"] | Callable[[np.ndarray], np.ndarray] | None

# A last axis longer than this is a side of the image, not its channels.
_MOST_CHANNELS = 8
# As many as red, green, blue and alpha.
_MOST_COLOURS = 4


def check_gray(gray: Gray) -> None:
    """Refuse a `gray` that is none, before any image is read."""
    if isinstance(gray, str) and gray != "mean":
        raise InvalidArgument(f'gray={gray!r}: it is a channel\'s number, "mean" or a function')
    is_number = isinstance(gray, int | np.integer) and not isinstance(gray, bool)
    if not (gray is None or gray == "mean" or is_number or callable(gray)):
        raise WrongType(f'gray={gray!r}: it is a channel\'s number, "mean" or a function')


def to_gray(image: np.ndarray, gray: Gray, ndim: int, name: str) -> np.ndarray:
    """Give the image with `ndim` axes that `gray` asks for.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W) or (H, W, C); for ``ndim=3`` (Z, H, W) or (Z, H, W, C).
    gray : int, "mean", callable or None
        A channel's number; or the mean of the channels (see `mean_of_channels`); or a function
        from the stored image to the one that is wanted. Images without channels stay as they are,
        unless `gray` is a function.
    ndim : int
        The number of axes of an image without channels.
    name : str
        What to call the image in a message.

    Raises
    ------
    InvalidArgument
        If the result does not have `ndim` axes, with what to pass instead.

    Examples
    --------
    >>> red_and_green = np.array([[[10, 20, 0]]], dtype="uint8")
    >>> to_gray(red_and_green, 1, 2, "an image")
    array([[20]], dtype=uint8)
    >>> to_gray(red_and_green, "mean", 2, "an image")
    array([[10]], dtype=uint8)
    """
    if callable(gray):
        image = np.asarray(gray(image))
    elif gray is not None and _has_channels(image, ndim):
        image = mean_of_channels(image, name) if gray == "mean" else _channel(image, gray, name)
    elif gray is not None and image.ndim == ndim == 3 and image.shape[-1] <= _MOST_COLOURS:
        raise InvalidArgument(
            f"{name} is {_by(image.shape)}, a 2-D image of {image.shape[-1]} channels, where "
            "stacks are wanted (Z x H x W): ask for 2-D images, with one diameter (ndim=2), or "
            "leave out gray= if it is a stack"
        )
    if image.ndim != ndim:
        raise InvalidArgument(_advice(image, gray, ndim, name))
    return image


def mean_of_channels(image: np.ndarray, name: str = "the image") -> np.ndarray:
    """Give the mean of red, green and blue; a fourth channel is alpha, and left out.

    The mean keeps the image's type: of integers it is the exact mean rounded to the nearest (a
    third of an integer is never halfway between two), of floats the mean in their own precision.

    Parameters
    ----------
    image : numpy.ndarray
        (..., 3) or (..., 4).

    Returns
    -------
    numpy.ndarray
        (...), of the same type.
    """
    channels = image.shape[-1]
    if channels not in {3, 4}:
        raise InvalidArgument(
            f'{name} has {channels} channels, and gray="mean" is for three or four '
            "(red, green, blue, alpha): pass a channel's number, such as gray=0, or a function"
        )
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    if image.dtype.kind == "f":
        return (red + green + blue) / image.dtype.type(3)
    wide = np.uint32 if image.dtype in (np.uint8, np.uint16) else np.int64
    total = np.add(red, green, dtype=wide)
    total += blue
    total += 1
    total //= 3
    return total.astype(image.dtype)


def _has_channels(image: np.ndarray, ndim: int) -> bool:
    return image.ndim == ndim + 1 and image.shape[-1] <= _MOST_CHANNELS


def _channel(image: np.ndarray, channel: int, name: str) -> np.ndarray:
    channels = image.shape[-1]
    if not 0 <= channel < channels:
        raise InvalidArgument(
            f"{name} has {channels} channels, 0 to {channels - 1}: there is no gray={channel}"
        )
    # A copy, so that the other channels' memory is given back at once.
    return np.ascontiguousarray(image[..., channel])


def _advice(image: np.ndarray, gray: Gray, ndim: int, name: str) -> str:
    shape = _by(image.shape) or "no size"
    if callable(gray):
        return f"gray= made of {name} an array of {shape}, where {ndim} axes are wanted"
    if _has_channels(image, ndim):
        return (
            f"{name} is {shape}: its pixels have {image.shape[-1]} channels. "
            'Take the first one with gray=0 (--gray 0), their mean with gray="mean" (--gray mean), '
            "or, in Python, what a function makes of them"
        )
    if image.ndim == ndim + 1 == 3:
        return (
            f"{name} is {shape}, a stack: to treat each as one 3-D image, give the diameter for "
            "each axis, as in (5, 9, 9) (to open_frames: ndim=3); or pass a function as gray= that "
            "makes a 2-D image of it"
        )
    if image.ndim < ndim:
        return (
            f"{name} is {shape}, where {ndim} axes are wanted; "
            "a single image is given as a movie of one: image[numpy.newaxis]"
        )
    return f"{name} is {shape}, where {ndim} axes are wanted: pass a function as gray="


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
