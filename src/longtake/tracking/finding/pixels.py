"""An image as the kernels take it: checked, contiguous, a stack of slices, of few dtypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from longtake.tracking.finding.parameters import Parameters
    from longtake.tracking.finding.scratch import Scratch


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image, ready for the kernels.

    Attributes
    ----------
    stack : (Z, H, W) uint8, uint16, float32 or float64, contiguous and writable
        A 2-D image is a stack of one slice.
    ndim : int
        2 or 3.
    whole : bool
        Whether the values are of an integer type (or bool), whatever the dtype of `stack`.
    scaled : bool
        Whether the values are of a float type (or bool), for which white is 1.
    white : int
        Value of the brightest pixel once the image is in whole numbers.
    """

    stack: np.ndarray
    ndim: int
    whole: bool
    scaled: bool
    white: int


def as_pixels(image: Any, parameters: Parameters, scratch: Scratch) -> Pixels:
    """Check an image against the parameters and bring it into the kernels' form.

    Raises
    ------
    InvalidArgument
        If it is not 2-D or 3-D, has channels, is smaller than a feature, or has NaN or infinity.
    WrongType
        If its values are not numbers.
    """
    given = np.asarray(image)
    values = np.squeeze(given)
    if values.dtype.kind not in "buif":
        raise WrongType(f"an image must hold real numbers, not {values.dtype}")
    check_shape(values.shape, parameters)
    scaled = values.dtype.kind in "fb"
    values = _narrow(values)
    if values.dtype.kind == "f":
        _check_finite(values)
    white = 255 if scaled else int(np.iinfo(values.dtype).max)
    ndim = values.ndim
    whole = values.dtype.kind != "f" and not (values.dtype.kind == "b" and parameters.invert)
    if parameters.invert:
        # One after the other is faster: a strided image is copied quickly, but inverted slowly.
        values = 1.0 - values if scaled else np.ascontiguousarray(values) ^ white
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    elif values.dtype.kind != "f" and values.dtype not in (np.uint8, np.uint16):
        values = values.astype(np.float64)
    if not (values.flags.c_contiguous and values.flags.writeable and values.dtype.isnative):
        copy = scratch.array("image", values.shape, values.dtype.newbyteorder("="))
        copy[...] = values
        values = copy
    stack = values.reshape((1,) * (3 - ndim) + values.shape)
    return Pixels(stack, ndim, whole, scaled, white)


def check_shape(shape: tuple[int, ...], parameters: Parameters) -> None:
    """Raise `InvalidArgument` if the parameters do not suit images of that shape."""
    ndim = parameters.ndim
    if len(shape) == 3 and ndim != 3 and shape[-1] in (3, 4):
        raise InvalidArgument(
            f"the image has {shape[-1]} channels (its shape is {shape}): choose one of them, as in "
            "image[..., 0], or their mean, image.mean(axis=-1), or give the gray= argument where "
            "there is one; for a stack of slices give the diameter along each axis, (z, y, x)"
        )
    if len(shape) not in (2, 3):
        raise InvalidArgument(
            f"features are found in images of 2 dimensions and stacks of 3, not of {len(shape)} "
            f"(the image's shape is {shape})"
        )
    if ndim is not None and ndim != len(shape):
        raise InvalidArgument(
            f"the image has {len(shape)} dimensions (its shape is {shape}), but sizes were given "
            f"for {ndim}: give one number for each axis, or a single number"
        )
    diameter = parameters.diameter_along(len(shape))
    if any(d > side for d, side in zip(diameter, shape, strict=True)):
        stack = " (is it a color image with its channels first?)" if shape[0] in (3, 4) else ""
        raise InvalidArgument(
            f"diameter={parameters.diameter} is larger than the image, whose shape is {shape}"
            f"{stack if len(shape) == 3 else ''}; give the size of a feature in pixels"
        )


def _narrow(values: np.ndarray) -> np.ndarray:
    """Bring the types that no kernel knows, and trackpy overflows with, to ones it does."""
    if values.dtype == np.float16:
        return values.astype(np.float32)
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        return values.astype(np.float64)
    if values.dtype.kind in "ui" and values.dtype.itemsize == 8:
        low, high = int(values.min()), int(values.max())
        for dtype in (np.int32, np.uint32):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return values.astype(dtype)
        raise InvalidArgument(
            f"the image holds values from {low} to {high}, more than 32 bits can tell apart; "
            "convert it to float first: image.astype(float)"
        )
    return values


def _check_finite(values: np.ndarray) -> None:
    # The extremes tell: NaN passes through both, infinity is one of them.
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return
    bad = ~np.isfinite(values)
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    raise InvalidArgument(
        f"{int(bad.sum())} pixels of the image are NaN or infinite, the first at {first}; replace "
        "them before, for example by numpy.nan_to_num(image)"
    )
