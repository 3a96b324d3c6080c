"""Subpixel positions: the centre of brightness of a round window that follows it.

All sums are of whole numbers and so exact; only the divisions round.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import kernel, part

# The window moves where its centre of brightness lies further from its middle (pixels).
_FAR = 0.6


def refine(image, found, lines, radius, max_iterations):
    """Centre a window on each maximum, and give the centre of brightness within it.

    Parameters
    ----------
    image : (Z, H, W) uint8, uint16 or int64
    found : (n,) int64
        Indices of the maxima in the flattened image.
    lines : (m, 3) int64
        The window, row by row: offset along z, along y, and half its width along x.
    radius : (int, int, int)
        Half the window's extent.
    max_iterations : int
        How many windows are tried at most.

    Returns
    -------
    positions : (n, 3) float64, pixels
    mass : (n,) float64
        Sum of the pixels in the window.
    middles : (n, 3) int64
        The pixel in the middle of the last window.
    """
    count = len(found)
    positions, mass = np.empty((count, 3)), np.empty(count)
    middles = np.empty((count, 3), np.int64)
    room = np.empty(3, np.int64), np.empty(4, np.int64)
    flat = image.reshape(-1)
    _refine(
        flat, image.shape, found, lines, radius, max_iterations, *room, positions, mass, middles
    )
    return positions, mass, middles


@kernel
def _refine(
    flat, shape, found, lines, radius, max_iterations, middle, total, positions, mass, middles
):
    for i in range(len(found)):
        middle[2] = found[i] % shape[2]
        middle[1] = found[i] // shape[2] % shape[1]
        middle[0] = found[i] // (shape[1] * shape[2])
        for _ in range(max_iterations):
            _sum(flat, shape, middle, lines, radius, total)
            near = True
            for axis in range(3):
                # An empty window (only where pixels are negative) stays where it is.
                off = total[axis] / total[3] - radius[axis] if total[3] != 0 else 0.0
                middles[i, axis] = middle[axis]
                positions[i, axis] = off + middle[axis]
                near &= abs(off) < _FAR
                if off > _FAR and middle[axis] + radius[axis] + 1 < shape[axis]:
                    middle[axis] += 1
                elif off < -_FAR and middle[axis] > radius[axis]:
                    middle[axis] -= 1
            if near:
                break
        mass[i] = total[3]


@part
def _sum(flat, shape, middle, lines, radius, total):
    """Sum the pixels of a window and their coordinates from its corner, weighted by brightness."""
    mass, sum_z, sum_y, sum_x = 0, 0, 0, 0
    for i in range(len(lines)):
        dz, dy, half = lines[i, 0], lines[i, 1], lines[i, 2]
        start = ((middle[0] + dz) * shape[1] + middle[1] + dy) * shape[2] + middle[2] - half
        # Unsigned, so that no pixel is taken to be counted from the end.
        first = np.uint64(start)
        line, along = 0, 0
        for x in range(2 * half + 1):
            pixel = np.int64(flat[first + np.uint64(x)])
            line += pixel
            along += pixel * x
        mass += line
        sum_z += line * (dz + radius[0])
        sum_y += line * (dy + radius[1])
        sum_x += along + line * (radius[2] - half)
    total[0], total[1], total[2], total[3] = sum_z, sum_y, sum_x, mass
