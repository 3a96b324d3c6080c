"""Of features closer together than the separation, the brightest one.

A flat peak gives several maxima, whose windows then meet. The features are sorted into a grid of
cells no smaller than the separation, so that the ones close to a feature are in the cells around.
"""

from __future__ import annotations

import math

import numpy as np

from longtake.tracking.cells import sort_into_cells
from longtake.tracking.kernel import kernel, part, within

# Two features at exactly the separation both stay, in spite of rounding.
_REACH = 1 - 1e-7


def brightest(positions, mass, extent):
    """Say which features have no brighter one within a distance of 1.

    Parameters
    ----------
    positions : (n, 3) float64
        In units of the separation along each axis.
    mass : (n,) float64
        Of two equally bright ones the one with the smaller sum of coordinates goes.
    extent : (float, float, float)
        Of the image; the grid of cells covers it.

    Returns
    -------
    (n,) bool
    """
    keep = np.ones(len(positions), np.bool_)
    if len(positions) > 1:
        # Not many more cells than features, however sparse these are.
        side = 1.0
        while math.prod(along // side + 1 for along in extent) > 4 * len(positions) + 64:
            side *= 2
        shape = tuple(int(along // side) + 1 for along in extent)
        # Where pixels are negative a centre of brightness may lie outside the image.
        last = np.array(shape) - 1
        cells = np.clip(positions / side, 0, last).astype(np.int64)
        grid = np.zeros(math.prod(shape) + 2, np.int64), np.empty(len(cells), np.int64)
        sort_into_cells((cells[:, 0] * shape[1] + cells[:, 1]) * shape[2] + cells[:, 2], *grid)
        _drop_dimmer(positions, mass, cells, shape, *grid, keep)
    return keep


@kernel
def _drop_dimmer(positions, mass, cells, shape, first, order, keep):
    for i in range(len(positions)):
        z, y, x = cells[i, 0], cells[i, 1], cells[i, 2]
        for near_z in range(within(z - 1, shape[0]), within(z + 1, shape[0]) + 1):
            for near_y in range(within(y - 1, shape[1]), within(y + 1, shape[1]) + 1):
                row = (near_z * shape[1] + near_y) * shape[2]
                begin = first[row + within(x - 1, shape[2])]
                end = first[row + within(x + 1, shape[2]) + 1]
                # Along the last axis the cells, and so their features, follow each other.
                for k in range(begin, end):
                    j = order[k]
                    if j > i and _close(positions[i], positions[j]):
                        keep[_dimmer(i, j, positions, mass)] = False


@part
def _close(here, there):
    square = 0.0
    for axis in range(3):
        step = here[axis] - there[axis]
        square += step * step
    return square <= _REACH * _REACH


@part
def _dimmer(i, j, positions, mass):
    if mass[i] != mass[j]:
        return j if mass[i] > mass[j] else i
    return j if _total(positions[i]) > _total(positions[j]) else i


@part
def _total(position):
    return position[0] + position[1] + position[2]
