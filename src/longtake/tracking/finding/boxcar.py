"""The background of an image: the rolling mean over a box, one axis after the other.

The mean along an axis is kept in the image's own dtype before the next axis is taken, so that an
integer image is truncated once per axis. Beyond its edges an image repeats its outermost pixels.
These are the conventions of `scipy.ndimage.uniform_filter1d`, which trackpy uses.

An axis of a block is addressed by the block's shape: `mean_down` works along the first axis of a
2-D view, `mean_along` along the second.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import copy, fill, kernel, part, within


def boxcar(stack, sizes, scratch, *, whole):
    """Give the rolling mean of a stack of slices, in its own dtype.

    Parameters
    ----------
    stack : (Z, H, W) uint8, uint16, float32 or float64
        A 2-D image is a stack of one slice.
    sizes : (int, int, int)
        The sides of the box, odd, in pixels.
    scratch : Scratch
        Where the result lives until the next call.
    whole : bool
        Whether the values are whole numbers, and so their means are truncated.

    Returns
    -------
    (Z, H, W) array of the dtype of `stack`
    """
    result, spare = (scratch.array(name, stack.shape, stack.dtype) for name in ("mean", "spare"))
    depth, height, width = stack.shape
    source = stack
    passes = [(sizes[0], mean_down, (1, depth, height * width))] if sizes[0] > 1 else []
    if sizes[1] > 1:
        passes.append((sizes[1], mean_down, stack.shape))
    if sizes[2] > 1:
        passes.append((sizes[2], mean_along, stack.shape))
    for size, mean, shape in passes:
        for block, out in zip(source.reshape(shape), result.reshape(shape), strict=True):
            mean(block, out, size, whole)
        source, result, spare = result, spare, result
    return source


def mean_down(block, out, size, whole):
    """Take the rolling mean over `size` rows of a 2-D block."""
    if block.dtype.kind == "u":
        _whole_mean_down(block, out, size, _reciprocal(block.dtype, size), _sums(block, size))
    else:
        _mean_down(block, out, size, whole, np.zeros(block.shape[1]))


def mean_along(block, out, size, whole):
    """Take the rolling mean over `size` columns of a 2-D block."""
    if block.dtype.kind == "u":
        sums = np.empty((3, block.shape[1] + size - 1), _sums(block, size).dtype)
        _whole_mean_along(block, out, size, _reciprocal(block.dtype, size), sums)
    else:
        width = block.shape[1]
        _mean_along(block, out, size, whole, np.empty(width + size - 1), np.empty(width))


def _sums(block, size):
    """Make room for the sums of a row, just wide enough: narrow integers are added faster."""
    fits = 2 ** (8 * block.itemsize) * size <= 2**16
    return np.zeros(block.shape[1], np.uint16 if fits else np.uint32)


def _reciprocal(dtype, size):
    """Give 1 / size, a little too large, so that multiplying by it and truncating divides exactly.

    With a sum of ``q * size + r`` the product is ``q + r / size``, off by less than the last step
    before the next whole number as long as ``quotient * excess < 1 / size``.
    """
    if dtype.itemsize == 1 and size < 2000:
        return np.array([1 / size * (1 + 2.0**-21)], np.float32)
    return np.array([1 / size * (1 + 2.0**-50)])


@kernel
def _whole_mean_down(block, out, size, reciprocal, sums):
    height = len(block)
    half = size // 2
    for row in range(-half, half + 1):
        _add(sums, block[within(row, height)])
    _scale(sums, reciprocal, out[0])
    for row in range(1, height):
        entering = block[within(row + half, height)]
        _add_difference(sums, entering, block[within(row - half - 1, height)])
        _scale(sums, reciprocal, out[row])


@kernel
def _whole_mean_along(block, out, size, reciprocal, sums):
    # Sums over 1, 2, 4, 8 ... pixels, each from the one before; those of the binary digits of
    # `size`, laid end to end, make the box.
    height, width = block.shape
    for row in range(height):
        total, powers, doubled = sums[0, :width], sums[1], sums[2]
        _pad(block[row], size // 2, powers)
        fill(total, 0)
        span, covered = 1, 0
        while True:
            if size & span:
                _add(total, powers[covered : covered + width])
                covered += span
            if covered == size:
                break
            _add_to(doubled, powers, powers[span:])
            powers, doubled = doubled, powers
            span *= 2
        _scale(total, reciprocal, out[row])


@part
def _pad(row, half, out):
    """Copy a row, repeating its ends `half` times."""
    width = len(row)
    copy(row, out[half:])
    for x in range(half):
        out[x] = row[0]
        out[half + width + x] = row[width - 1]


@part
def _add(total, row):
    for x in range(len(total)):
        total[x] += row[x]


@part
def _add_to(out, first, second):
    for x in range(len(second)):
        out[x] = first[x] + second[x]


@part
def _add_difference(total, entering, leaving):
    for x in range(len(total)):
        total[x] += entering[x] - leaving[x]


@part
def _scale(total, reciprocal, out):
    for x in range(len(out)):
        out[x] = reciprocal.dtype.type(total[x]) * reciprocal[0]


@kernel
def _mean_down(block, out, size, whole, total):
    height, width = block.shape
    half = size // 2
    for row in range(-half, half + 1):
        _add(total, block[within(row, height)])
    _divide(total, size, whole, out[0])
    for row in range(1, height):
        entering = block[within(row + half, height)]
        leaving = block[within(row - half - 1, height)]
        for x in range(width):
            total[x] += np.float64(entering[x]) - np.float64(leaving[x])
        _divide(total, size, whole, out[row])


@kernel
def _mean_along(block, out, size, whole, padded, total):
    height, width = block.shape
    half = size // 2
    for row in range(height):
        _pad(block[row], half, padded)
        running = 0.0
        for value in padded[:size]:
            running += value
        total[0] = running
        # The order of these additions decides the last digit.
        entering, leaving, rest = padded[size:], padded[: width - 1], total[1:]
        for x in range(len(rest)):
            running += entering[x] - leaving[x]
            rest[x] = running
        _divide(total, size, whole, out[row])


@part
def _divide(total, size, whole, out):
    if whole:
        for x in range(len(out)):
            out[x] = np.trunc(total[x] / size)
    else:
        for x in range(len(out)):
            out[x] = total[x] / size
