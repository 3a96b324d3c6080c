"""The band-pass of a slice: smoothed with a Gaussian, less the background, weak pixels set to 0.

The sums run over the taps of the kernel in the order of `scipy.ndimage.correlate1d` (the middle
one, then the pairs from the outermost inwards), so that every bit of the result agrees with
trackpy's. Beyond its edges an image is 0.

The slice is worked through in upright strips, narrow enough for all rows under the kernel to stay
in the processor's nearest cache.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from longtake.tracking.kernel import copy, fill, kernel, part

STRIP = 1024


@lru_cache(maxsize=64)
def gaussian_kernel(sigma):
    """Give one half of a normalised Gaussian, from its middle outwards, cut off at 4 sigma."""
    if sigma == 0:
        return np.ones(1)
    reach = int(4 * sigma + 0.5)
    x = np.arange(-reach, reach + 1)
    weights = np.exp(x**2 / (-2 * sigma**2))
    return (weights / np.sum(weights))[reach:]


@kernel
def smooth_down(block, weights, out):
    """Smooth a 2-D block along its first axis."""
    height, width = block.shape
    for row in range(height):
        total = out[row]
        _first_tap(total, block[row], weights[0])
        for tap in range(len(weights) - 1, 0, -1):
            above, below = row - tap, row + tap
            for x in range(width):
                near = np.float64(block[above, x]) if above >= 0 else 0.0
                far = np.float64(block[below, x]) if below < height else 0.0
                total[x] += (near + far) * weights[tap]


def bandpass_slice(image, background, down, along, threshold, out, strip=STRIP):
    """Smooth a slice along both axes, subtract the background, set what is below `threshold` to 0.

    Parameters
    ----------
    image : (H, W) array
        The slice, or what smoothing along the third axis has left of it.
    background : (H, W) array
        Its rolling mean.
    down, along : (n,) arrays of the dtype of `out`
        Weights of the two kernels, from their middle outwards.
    threshold : float
        Smallest value that is kept, positive.
    out : (H, W) float64 or float32
        Receives the result.
    strip : int
        Width of a strip, in pixels.

    Returns
    -------
    (W,) array of the dtype of `out`
        The largest value in each column of the result, at least 0.
    """
    count, padded = 2 * len(down) - 1, strip + 2 * len(along) - 2
    rows, line = np.empty(count * padded, out.dtype), np.empty(padded, out.dtype)
    starts, shifts = np.empty(count, np.int64), np.arange(2 * len(along) - 1)
    peaks = np.zeros(image.shape[1], out.dtype)
    threshold = out.dtype.type(threshold)
    _bandpass(image, background, down, along, threshold, out, rows, starts, shifts, line, peaks)
    return peaks


@kernel
def _bandpass(image, background, down, along, threshold, out, rows, starts, shifts, line, peaks):
    height, width = image.shape
    reach_down, reach = len(down) - 1, len(along) - 1
    count, padded, strip = len(starts), len(line), len(line) - 2 * reach
    for left in range(0, width, strip):
        right = left + strip if left + strip < width else width
        fill(rows, 0)
        # The rows under the kernel, each in the place of the one that left it.
        for entering in range(height + reach_down):
            place = entering % count
            start = place * padded
            _enter(image, entering, left - reach, rows[start : start + padded])
            row = entering - reach_down
            if row < 0:
                continue
            for tap in range(count):
                place = place + 1 if place + 1 < count else 0
                starts[tap] = place * padded
            _smooth(line, rows, starts, down)
            smoothed = out[row, left:right]
            _smooth(smoothed, line, shifts, along)
            _subtract(smoothed, background[row, left:right], threshold, peaks[left:right])


@part
def _enter(image, row, left, out):
    """Copy a piece of a row, beginning at `left`; what is outside the image is 0."""
    height, width = image.shape
    right = left + len(out)
    if row >= height or left < 0 or right > width:
        fill(out, 0)
    if row < height:
        first, last = left if left > 0 else 0, right if right < width else width
        copy(image[row, first:last], out[first - left :])


@part
def _smooth(total, values, starts, weights):
    """Sum the pieces of `values` that begin at `starts`, weighted by their distance."""
    n, reach = len(total), len(weights) - 1
    _first_tap(total, values[starts[reach] :], weights[0])
    tap = reach
    while tap >= 4:
        i, j = reach - tap, reach + tap
        a, b, c, d = starts[i], starts[i + 1], starts[i + 2], starts[i + 3]
        e, f, g, h = starts[j], starts[j - 1], starts[j - 2], starts[j - 3]
        _add_four(
            total,
            values[a : a + n], values[e : e + n], values[b : b + n], values[f : f + n],
            values[c : c + n], values[g : g + n], values[d : d + n], values[h : h + n],
            weights[tap], weights[tap - 1], weights[tap - 2], weights[tap - 3],
        )  # fmt: skip
        tap -= 4
    while tap > 0:
        near, far = starts[reach - tap], starts[reach + tap]
        _add_pair(total, values[near:], values[far:], weights[tap])
        tap -= 1


@part
def _first_tap(total, row, weight):
    for x in range(len(total)):
        total[x] = row[x] * weight


@part
def _add_pair(total, near, far, weight):
    for x in range(len(total)):
        total[x] += (near[x] + far[x]) * weight


@part
def _add_four(total, a, b, c, d, e, f, g, h, w1, w2, w3, w4):
    # One after the other, as four calls of _add_pair, but the total stays in a register.
    for x in range(len(total)):
        value = total[x] + (a[x] + b[x]) * w1
        value += (c[x] + d[x]) * w2
        value += (e[x] + f[x]) * w3
        total[x] = value + (g[x] + h[x]) * w4


@part
def _subtract(smoothed, background, threshold, peaks):
    zero = smoothed.dtype.type(0)
    for x in range(len(smoothed)):
        value = smoothed[x] - smoothed.dtype.type(background[x])
        value = value if value >= threshold else zero
        smoothed[x] = value
        # A largest value per column, because a single one could not be kept in a vector.
        peak = peaks[x]
        peaks[x] = value if value > peak else peak
