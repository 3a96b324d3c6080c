"""The camera's noise: mean and deviation of the raw pixels away from everything bright.

After Savin and Doyle, Biophys. J. 88, 623 (2005): what is left of the image when every pixel that
passed the band-pass is grown to a feature's window is background.
"""

from __future__ import annotations

import math

import numpy as np

from longtake.tracking.kernel import kernel, part


def measure_noise(image, raw, lines, scratch):
    """Give the mean and the standard deviation of the background of a raw image.

    Parameters
    ----------
    image : (Z, H, W) array
        The band-passed image: background is away from what is not 0.
    raw : (Z, H, W) uint8, uint16, float32 or float64
    lines : (m, 3) int64
        The window, see `refine`.
    scratch : Scratch

    Returns
    -------
    black_level, noise : float
        NaN where there is no background, or but one pixel of it.
    """
    dark = scratch.array("dark", image.shape, np.uint8)
    dark[:] = 255
    narrow_first = lines[np.argsort(lines[:, 2], kind="stable")]
    _darken(image, narrow_first, dark, *np.zeros((2, image.shape[2]), np.uint8))
    if raw.dtype.kind != "u":
        # The order in which fractions are added decides the last digits: numpy's.
        background = raw[dark != 0]
        if len(background) < 2:
            return (background[0] if len(background) else np.nan), np.nan
        return background.mean(), background.std()
    count, total, squares = map(int, _sums(raw.reshape(-1), dark.reshape(-1)))
    if count == 0:
        return np.nan, np.nan
    if count == 1:
        return float(total), np.nan
    return total / count, math.sqrt(count * squares - total**2) / count


@kernel
def _darken(image, lines, dark, bright, wider):
    """Set `dark` to 0 wherever a window around some pixel that is not 0 reaches."""
    depth, height = image.shape[:2]
    for z in range(depth):
        for y in range(height):
            if _black(image[z, y]):
                continue
            _mark(image[z, y], bright)
            reach = 0
            for i in range(len(lines)):
                while reach < lines[i, 2]:
                    _widen(bright, wider)
                    bright, wider = wider, bright
                    reach += 1
                to_z, to_y = z + lines[i, 0], y + lines[i, 1]
                if 0 <= to_z < depth and 0 <= to_y < height:
                    _cover(dark[to_z, to_y], bright)


@part
def _mark(row, bright):
    for x in range(len(row)):
        bright[x] = 255 if row[x] != 0 else 0


@part
def _black(row):
    for value in row:  # noqa: SIM110 - numba has no generators here
        if value != 0:
            return False
    return True


@part
def _widen(bright, wider):
    n = len(bright)
    # A feature is at least 3 pixels wide, and so is the image.
    wider[0] = bright[0] | bright[1]
    wider[n - 1] = bright[n - 1] | bright[n - 2]
    middle, right, out = bright[1:], bright[2:], wider[1:]
    for x in range(n - 2):
        out[x] = bright[x] | middle[x] | right[x]


@part
def _cover(dark, bright):
    for x in range(len(dark)):
        dark[x] &= ~bright[x]


@kernel
def _sums(raw, dark):
    count, total, squares = 0, 0, 0
    for i in range(len(raw)):
        if dark[i]:
            pixel = np.int64(raw[i])
            count += 1
            total += pixel
            squares += pixel * pixel
    return count, total, squares
