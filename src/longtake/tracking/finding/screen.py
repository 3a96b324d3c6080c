"""The band-passed image of an 8-bit picture in whole numbers: quickly, and yet exactly.

Single precision is twice as fast as double, and nearly always enough: once the values are cut to
one of 256 levels the last digits are gone. Its error is bounded, so it is known which pixels might
come out on the other side of a level or of the threshold; those few are worked out once more, one
by one, in double precision. The result is the one that double precision gives everywhere.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.finding.gaussian import bandpass_slice
from longtake.tracking.kernel import kernel, part

# Half the distance between neighbouring numbers in single precision, relative to them.
_ROUNDING = 2.0**-24
# When more pixels than this part are in doubt, double precision is no slower.
_MOST_DOUBT = 0.02


def quantised_bandpass(image, background, down, along, threshold, white, out, scratch):
    """Write the band-passed image in whole numbers to `out`; give its scale.

    Parameters
    ----------
    image, background : (H, W) uint8
    down, along : (n,) float64
        Weights of the two Gaussian kernels, from their middle outwards.
    threshold : float
        Smallest value that is kept, positive.
    white : int
        What the largest value becomes.
    out : (H, W) uint8
        Receives the result.
    scratch : Scratch

    Returns
    -------
    float or None
        By what the values were multiplied; None if the contrast is too low for this to be
        worthwhile, and `out` was not written.
    """
    plane = scratch.array("screen", image.shape, np.float32)
    # The last rounding is that of the subtraction.
    error = (_roundings(down) + _roundings(along) + 1) * _ROUNDING * 1.01 * float(image.max())
    weights = down.astype(np.float32), along.astype(np.float32)
    least = max(threshold * (1 - 4 * _ROUNDING) - error, 1e-30)
    peaks = bandpass_slice(image, background, *weights, least, plane)
    columns = np.flatnonzero(peaks >= peaks.max() - 2 * error)
    line, held = np.empty(2 * len(along) - 1), np.full(2, -1)
    source = image, background, down, along, line, held
    largest = _largest(*source, plane, columns, np.float32(peaks.max() - 2 * error))
    scale = white / largest if largest >= threshold else 1.0
    doubt = error * scale + 4 * _ROUNDING * white
    if doubt > _MOST_DOUBT / 2:
        return None
    limits = np.array([scale, doubt, 1 - doubt, threshold * (1 + 4 * _ROUNDING) + error], "f4")
    marks = np.zeros((image.shape[1] + 7) // 8 * 8, np.uint8)
    _quantise(*source, plane, out, scale, threshold, limits, marks, marks.view(np.uint64))
    return scale


def _roundings(weights):
    """Count how often at most the sums of `bandpass_slice` are rounded, as an average of terms."""
    # A term is a rounded weight times a rounded sum of two pixels, and rounded. The middle one is
    # rounded again in every addition, the pairs, added from the outermost inwards, in fewer.
    roundings = 2 * (3 + np.arange(len(weights)))
    roundings[0] = 3 + len(weights) - 1
    return float(weights @ roundings)


@kernel
def _largest(image, background, down, along, line, held, plane, columns, least):
    largest = 0.0
    for column in columns:
        for row in range(len(plane)):
            if plane[row, column] >= least:
                value = _exact(image, background, down, along, line, held, row, column)
                largest = value if value > largest else largest
    return largest


@kernel
def _quantise(
    image, background, down, along, line, held, plane, out, scale, threshold, limits, marks, words
):
    for row in range(len(plane)):
        _screen(plane[row], limits, out[row], marks)
        # Eight pixels at a time, for doubts are rare.
        for i in range(len(words)):
            if words[i] == 0:
                continue
            for x in range(8 * i, 8 * i + 8):
                if marks[x]:
                    value = _exact(image, background, down, along, line, held, row, x)
                    out[row, x] = value * scale if value >= threshold else 0


@part
def _screen(plane, limits, out, marks):
    """Cut values to levels, and mark those in doubt."""
    scale, low, high, sure = limits[0], limits[1], limits[2], limits[3]
    for i in range(len(plane)):
        value = plane[i]
        scaled = value * scale
        level = np.int32(scaled)
        rest = scaled - np.float32(level)
        out[i] = level
        marks[i] = (value > 0) & ((rest < low) | (rest > high) | (value < sure))


@part
def _exact(image, background, down, along, line, held, row, column):
    """Band-pass one pixel in double precision, with the same sums in the same order."""
    height, width = image.shape
    reach, reach_down = len(along) - 1, len(down) - 1
    # Doubts come in runs: of the columns under the kernel, only the new ones are summed.
    count = len(line)
    moved = column - held[1]
    new = moved if row == held[0] and 0 <= moved < count else count
    held[0], held[1] = row, column
    for k in range(count - new):
        line[k] = line[k + new]
    for k in range(count - new, count):
        x = column - reach + k
        if not 0 <= x < width:
            line[k] = 0.0
            continue
        total = np.float64(image[row, x]) * down[0]
        for tap in range(reach_down, 0, -1):
            above, below = row - tap, row + tap
            pair = 0
            if above >= 0:
                pair += np.int64(image[np.uint64(above), np.uint64(x)])
            if below < height:
                pair += np.int64(image[np.uint64(below), np.uint64(x)])
            total += np.float64(pair) * down[tap]
        line[k] = total
    total = line[reach] * along[0]
    for tap in range(reach, 0, -1):
        total += (line[reach - tap] + line[reach + tap]) * along[tap]
    return total - np.float64(background[row, column])
