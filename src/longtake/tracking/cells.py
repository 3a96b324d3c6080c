"""Points sorted into the cells of a grid, so that those close to a place are found at once."""

from __future__ import annotations

from longtake.tracking.kernel import kernel


@kernel
def sort_into_cells(cells, first, order):
    """Sort points by their cell.

    Parameters
    ----------
    cells : (n,) int64
        The cell of each point.
    first : (cells + 2,) int64
        All 0; receives where the points of each cell begin in `order`. The next cell's beginning
        is where they end.
    order : (n,) int64
        Receives the points, cell by cell, ascending in each.
    """
    # Counted two places further on, the ends of the cells are their beginnings once filled.
    for i in range(len(cells)):
        first[cells[i] + 2] += 1
    total = first[0]
    for cell in range(len(first)):
        total += first[cell]
        first[cell] = total
    for i in range(len(cells)):
        place = cells[i] + 1
        order[first[place]] = i
        first[place] += 1
