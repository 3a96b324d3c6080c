"""Local maxima: the pixels that no other in a box around them outshines.

The largest value in every box is found one axis after the other: along a row by boxes of 1, 2, 4,
8 ... pixels, each from the one before; down the rows in blocks of the box's height, where the box
of a row is the rest of one block and the beginning of the next (van Herk 1992; Gil and Werman
1993), three comparisons a pixel however large the box.

A box of an even size reaches one pixel further towards larger coordinates, and pixels outside the
image count as 0, as in `scipy.ndimage.grey_dilation`.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import copy, fill, kernel, part


def local_maxima(image, sizes, floor, margins, scratch):
    """Find the pixels above `floor` that equal the largest value in the box around them.

    Parameters
    ----------
    image : (Z, H, W) uint8, uint16 or int64
    sizes : (int, int, int)
        Sides of the box, in pixels.
    floor : int
        A maximum is larger than this.
    margins : (int, int, int)
        No maximum is closer to an edge than this.
    scratch : Scratch

    Returns
    -------
    (n,) int64
        Indices into the flattened image, ascending: equal neighbours are all given.
    """
    depth, height, width = image.shape
    highest = image
    if sizes[0] > 1:
        highest = scratch.array("highest", image.shape, image.dtype)
        _highest_down(image.reshape(depth, -1), sizes[0], highest.reshape(depth, -1))
    found = [np.empty(0, np.int64)]
    for z in range(margins[0], depth - margins[0]):
        at = _maxima_of_slice(image[z], highest[z], sizes[1:], floor, margins[1:], scratch)
        found.append(at + z * height * width)
    return np.concatenate(found)


def _maxima_of_slice(image, highest, sizes, floor, margins, scratch):
    height, width = image.shape
    blocks = np.zeros((2, sizes[0], width), image.dtype)
    spare = np.zeros((3, width + sizes[1] - 1), image.dtype)
    hits = np.zeros((width + 7) // 8 * 8, np.uint8)
    found = scratch.array("found", (height * width // 16,), np.int64)
    row_of = (image, highest, sizes, image.dtype.type(floor), margins)
    count = _search(*row_of, blocks, spare, hits, hits.view(np.uint64), found, 0)
    if count > len(found):
        found = np.empty(count, np.int64)
        _search(*row_of, blocks, spare, hits, hits.view(np.uint64), found, 0)
    return found[:count].copy()


@kernel
def _highest_down(block, size, out):
    height = len(block)
    for row in range(height):
        first, last = row - (size - 1) // 2, row + size // 2
        if first < 0 or last >= height:
            fill(out[row], 0)
        else:
            copy(block[first], out[row])
        for other in range(first, last + 1):
            if 0 <= other < height:
                _raise(out[row], block[other])


@kernel
def _search(image, highest, sizes, floor, margins, blocks, spare, hits, words, found, count):
    """Write the maxima of a slice to `found`, after the first `count`, as far as there is room.

    Gives how many there are then.
    """
    height, width = image.shape
    size, before = sizes[0], (sizes[0] - 1) // 2
    top, bottom = margins[0], height - margins[0]
    left, right = margins[1], width - margins[1]
    block, ahead, beginning = blocks[0], blocks[1], spare[2, :width]
    for row in range(size):
        _highest_along(highest, top - before + row, sizes[1], spare, ahead[row])
    for start in range(top, bottom, size):
        block, ahead = ahead, block
        for row in range(size - 2, -1, -1):
            _raise(block[row], block[row + 1])
        for row in range(size):
            # The box of this row is block[row:] and ahead[:row].
            y = start + row
            if y < bottom:
                if row == 1:
                    copy(ahead[0], beginning)
                if row > 0:
                    _raise(beginning, ahead[row - 1])
                    _raise(block[row], beginning)
                _mark(image[y], block[row], floor, hits)
                count = _gather(hits, words, left, right, y * width, found, count)
            _highest_along(highest, start - before + size + row, sizes[1], spare, ahead[row])
    return count


@part
def _highest_along(block, row, size, spare, out):
    height, width = block.shape
    if row < 0 or row >= height:
        fill(out, 0)
        return
    powers, doubled = spare[0], spare[1]
    before = (size - 1) // 2
    fill(powers, 0)
    copy(block[row], powers[before:])
    span = 1
    while 2 * span <= size:
        _higher(powers, powers[span:], doubled)
        powers, doubled = doubled, powers
        span *= 2
    _higher(powers, powers[size - span : size - span + width], out)


@part
def _higher(first, second, out):
    for x in range(len(second)):
        a, b = first[x], second[x]
        out[x] = a if a > b else b


@part
def _raise(row, other):
    for x in range(len(row)):
        a, b = row[x], other[x]
        row[x] = a if a > b else b


@part
def _mark(row, highest, floor, hits):
    for x in range(len(row)):
        hits[x] = (row[x] == highest[x]) & (row[x] > floor)


@part
def _gather(hits, words, left, right, start, found, count):
    # Eight pixels at a time, for hits are rare.
    for i in range(len(words)):
        if words[i] != 0:
            for x in range(8 * i, 8 * i + 8):
                if hits[x] and left <= x < right:
                    if count < len(found):
                        found[count] = start + x
                    count += 1
    return count
