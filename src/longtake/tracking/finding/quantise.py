"""The band-passed image in whole numbers, and how often each of them occurs.

trackpy looks for features in an integer image whose brightest pixel has the largest value of the
dtype. Counting the values on the way gives the percentile of the pixels that are not black exactly,
without sorting them.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import kernel

_CHUNK = 4096


def count_table(dtype):
    """Make an empty table for the values of a uint8 or uint16 image."""
    return np.zeros((4, 2 ** (8 * np.dtype(dtype).itemsize)), np.uint32)


def quantise(plane, scale, out, counts):
    """Write ``plane * scale``, truncated, to `out`, and count the values into `counts`.

    Parameters
    ----------
    plane : (n,) float64
        Values from 0 to the largest one of the dtype of `out` divided by `scale`.
    scale : float
    out : (n,) uint8 or uint16
    counts : (4, values) uint32
        To be summed over its first axis; the count of 0 is not complete.
    """
    whole = len(out) // _CHUNK * _CHUNK
    if whole:
        _quantise(plane[:whole], scale, out[:whole], out[:whole].view(np.uint32), counts)
    _scale(plane[whole:], scale, out[whole:])
    count(out[whole:], counts)


def count(image, counts):
    """Count the values of a flat image into `counts`, see `quantise`."""
    whole = len(image) // 4 * 4
    _count(image[:whole].view(np.uint32), image.itemsize, counts)
    _count(image[whole:].astype(np.uint32), 4, counts)


@kernel
def _quantise(plane, scale, out, words, counts):
    # A piece at a time, which is still in the processor's nearest cache when it is counted.
    for start in range(0, len(plane), _CHUNK):
        _scale(plane[start : start + _CHUNK], scale, out[start : start + _CHUNK])
        first, last = start * out.itemsize // 4, (start + _CHUNK) * out.itemsize // 4
        _count(words[first:last], out.itemsize, counts)


@kernel
def _scale(plane, scale, out):
    for i in range(len(out)):
        out[i] = plane[i] * scale


@kernel
def _count(words, itemsize, counts):
    """Count values of 1, 2 or 4 bytes, 4 bytes at a time."""
    # Neighbours go to different tables, for a processor stumbles when it increments the same
    # count twice in a row. Black is not counted, and most of an image is black.
    first, second, third, fourth = counts[0], counts[1], counts[2], counts[3]
    one, byte, half = np.uint32(1), np.uint32(255), np.uint32(65535)
    for i in range(len(words)):
        word = words[i]
        if word == 0:
            continue
        if itemsize == 1:
            first[word & byte] += one
            second[(word >> np.uint32(8)) & byte] += one
            third[(word >> np.uint32(16)) & byte] += one
            fourth[word >> np.uint32(24)] += one
        elif itemsize == 2:
            first[word & half] += one
            second[word >> np.uint32(16)] += one
        else:
            first[word] += one


def percentile_of_counts(counts, percentile):
    """Give a percentile of the pixels that are not 0, interpolated linearly; NaN if there are none.

    Parameters
    ----------
    counts : (4, values) uint32
        As `quantise` fills it.
    percentile : float
        From 0 to 100.

    Notes
    -----
    Equal to ``numpy.percentile(image[image != 0], percentile)``.
    """
    up_to = np.cumsum(counts.sum(axis=0, dtype=np.int64)[1:])
    total = int(up_to[-1])
    if total == 0:
        return np.nan
    rank = (total - 1) * (percentile / 100)
    below = int(rank)
    low, high = np.searchsorted(up_to, [below, min(below + 1, total - 1)], side="right") + 1
    part = rank - below
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
