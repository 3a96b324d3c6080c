"""Which particles each new position may continue: the nearest ones within reach.

The particles are sorted into a grid; those within reach of a position lie in the cells that a box
around it touches. Cells are wider than the box, so that it touches two on each axis at most.

Points are rows of three coordinates or more: a coordinate that is missing is 0 in all of them.
The grid is laid over the first three; the others only count in the distance.
"""

from __future__ import annotations

import numpy as np

from longtake.tracking.cells import sort_into_cells
from longtake.tracking.kernel import kernel, part

# Keeps a distance of exactly the reach inside the box, and the box narrower than a cell,
# whatever the rounding.
_MARGIN = 1 + 1e-6


def nearest_sources(sources, destinations, reach, most):
    """Find for every destination its `most` nearest sources no further away than `reach`.

    Parameters
    ----------
    sources : (S, 3 or more) float64, C-contiguous
        Where the particles were last seen.
    destinations : (D, 3 or more) float64, C-contiguous
        The positions in the new frame.
    reach : float
        The largest distance, included.
    most : int
        The largest number of sources given for one destination.

    Returns
    -------
    starts : (D + 1,) int64
        The candidates of destination ``i`` are those from ``starts[i]`` to ``starts[i + 1]``.
    source : (C,) int64
        The source of each candidate; for one destination by ascending distance, then index.
    d2 : (C,) float64
        Its squared distance.
    """
    count, source_count = len(destinations), len(sources)
    starts = np.zeros(count + 1, np.int64)
    room = count * min(most, source_count)
    source, d2 = np.empty(room, np.int64), np.empty(room)
    if room == 0:
        return starts, source, d2
    grid, ordered = np.empty(7), np.empty(sources.shape)
    places, near_d2 = np.empty((4, source_count + 2), np.int64), np.empty(source_count + 1)
    _nearest(sources, destinations, reach, most, grid, ordered, places, near_d2, starts, source, d2)
    end = starts[-1]
    return starts, source[:end], d2[:end]


@kernel
def _nearest(
    sources, destinations, reach, most, grid, ordered, places, near_d2, starts, source, d2
):
    # A grid has one cell a source, at most.
    first, cells, order, near = places[0], places[1, : len(sources)], places[2], places[3]
    for cell in range(len(first)):
        first[cell] = 0
    _lay_grid(sources, reach, grid, cells)
    sort_into_cells(cells, first, order)
    for i in range(len(sources)):
        for axis in range(sources.shape[1]):
            ordered[i, axis] = sources[order[i], axis]
    _search(
        ordered, destinations, reach, most, grid, first, order, near, near_d2, starts, source, d2
    )


@part
def _search(
    sources, destinations, reach, most, grid, first, order, near, near_d2, starts, source, d2
):
    """Write the candidates of every destination; `sources` are those of `order`."""
    width = destinations.shape[1]
    per_cell = grid[6]
    half = reach * per_cell * _MARGIN
    reach2 = reach * reach
    cells_z, cells_y, cells_x = int(grid[3]), int(grid[4]), int(grid[5])
    for i in range(len(destinations)):
        here_z, here_y, here_x = destinations[i, 0], destinations[i, 1], destinations[i, 2]
        z, end_z = _cells_around((here_z - grid[0]) * per_cell, half, cells_z)
        begin_y, end_y = _cells_around((here_y - grid[1]) * per_cell, half, cells_y)
        begin_x, end_x = _cells_around((here_x - grid[2]) * per_cell, half, cells_x)
        found = 0
        while z < end_z and begin_y < end_y:
            # The cells along x follow each other, and so do their particles: a run of them in
            # each of the two rows. They are scanned in one loop, for its end is hard to foresee.
            row = (z * cells_y + begin_y) * cells_x
            run = first[row + begin_x]
            length = total = first[row + end_x] - run
            further_run = run
            if end_y - begin_y == 2:
                further_run = first[row + cells_x + begin_x]
                total += first[row + cells_x + end_x] - further_run
            for k in range(total):
                s = run + k if k < length else further_run + k - length
                step_z, step_y = here_z - sources[s, 0], here_y - sources[s, 1]
                step_x = here_x - sources[s, 2]
                square = step_z * step_z + step_y * step_y + step_x * step_x
                for axis in range(3, width):
                    step = destinations[i, axis] - sources[s, axis]
                    square += step * step
                # Written without asking, and kept by counting: a branch that goes either way
                # costs more than the rest of this loop.
                near[found] = s
                near_d2[found] = square
                found += square <= reach2
            z += 1
        end = starts[i]
        for k in range(found):
            end = _insert(source, d2, starts[i], end, most, order[near[k]], near_d2[k])
        starts[i + 1] = end


@part
def _insert(source, d2, begin, end, most, candidate, square):
    """Keep a candidate in its place among those of one destination; give the new end."""
    at = end
    if end - begin == most:
        at -= 1
        if square > d2[at] or (square == d2[at] and candidate > source[at]):
            return end
    else:
        end += 1
    while at > begin:
        before = at - 1
        if square > d2[before] or (square == d2[before] and candidate > source[before]):
            break
        source[at] = source[before]
        d2[at] = d2[before]
        at = before
    source[at] = candidate
    d2[at] = square
    return end


@part
def _cells_around(at, half, cells):
    """Give the half-open range of cells, on one axis, within `half` of a place in the grid."""
    # Bounded before they become integers: a point may lie any distance from the grid.
    limit = float(cells)
    begin, end = at - half, at + half + 1
    begin = begin if begin > 0 else 0.0
    end = end if end > 0 else 0.0
    return int(begin if begin < limit else limit), int(end if end < limit else limit)


@part
def _lay_grid(points, reach, grid, cells):
    """Lay a grid of at most one cell a point, and say in `cells` where each point is.

    `grid` receives the low corner, how many cells there are along each axis, and in a unit of
    length.
    """
    for axis in range(3):
        low = high = points[0, axis]
        for i in range(len(points)):
            at = points[i, axis]
            low = at if at < low else low
            high = at if at > high else high
        grid[axis] = low
        grid[3 + axis] = high - low
    side = 2 * reach * _MARGIN * _MARGIN
    while True:
        # In floats, for there may be any number of narrow cells.
        count = 1.0
        for axis in range(3):
            count *= np.floor(grid[3 + axis] / side) + 1
        if count <= len(points):
            break
        side *= 1.25
    per_cell = grid[6] = 1 / side
    for i in range(len(points)):
        cells[i] = 0
    for axis in range(3):
        low, last = grid[axis], int(grid[3 + axis] / side)
        grid[3 + axis] = last + 1
        for i in range(len(points)):
            along = int((points[i, axis] - low) * per_cell)
            cells[i] = cells[i] * (last + 1) + (along if along < last else last)
