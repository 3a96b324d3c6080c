"""Which rows of one long table belong to which frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Runs of rows, ascending; together they are one frame, in its order.
Runs = list[range]


def map_rows(blocks: Iterable[np.ndarray]) -> dict[int, Runs]:
    """Find each frame's runs of rows from the column of frame numbers, given in blocks.

    Examples
    --------
    >>> map_rows([np.array([3, 3, 5]), np.array([5, 3])])
    {3: [range(0, 2), range(4, 5)], 5: [range(2, 4)]}
    """
    frames: dict[int, Runs] = {}
    at = 0
    for block in blocks:
        starts = np.flatnonzero(np.diff(block, prepend=block[:1] - 1))
        stops = np.append(starts[1:], len(block))
        for frame, start, stop in zip(
            block[starts].tolist(), starts.tolist(), stops.tolist(), strict=True
        ):
            add_run(frames.setdefault(frame, []), range(at + start, at + stop))
        at += len(block)
    return frames


def add_run(runs: Runs, run: range) -> None:
    """Append a run that lies after the others, joined to the last one where they touch."""
    if runs and runs[-1].stop == run.start:
        runs[-1] = range(runs[-1].start, run.stop)
    elif len(run):
        runs.append(run)


def count(runs: Runs) -> int:
    """Give the number of rows in runs."""
    return sum(map(len, runs))


def split(runs: Runs, rows: int) -> tuple[Runs, Runs]:
    """Cut runs in two: the first so many rows, and the others.

    Examples
    --------
    >>> split([range(0, 2), range(4, 8)], 3)
    ([range(0, 2), range(4, 5)], [range(5, 8)])
    """
    first: Runs = []
    others: Runs = []
    for run in runs:
        cut = min(len(run), rows)
        rows -= cut
        add_run(first, run[:cut])
        add_run(others, run[cut:])
    return first, others


def joined(some: Runs, others: Runs) -> Runs:
    """Give the rows of both, as ascending runs."""
    runs: Runs = []
    for run in sorted(some + others, key=lambda run: run.start):
        add_run(runs, run)
    return runs
