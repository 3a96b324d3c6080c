"""Does memory grow with the movie?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort

TITLE = "Peak memory"
ABOUT = """
64 x 64 frames of uint8 with 3 simulated particles, made one at a time, each run in a process of its
own: longtake's `track` into a file, and trackpy's `batch` into the table that it returns, without
linking. Both begin at what their imports take; the last line is what counts.
"""
_FLAT = 1.05


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    counts = (100, max(200, effort.frames(10_000)))
    theirs = [_peak("trackpy", frames) for frames in counts]
    ours = [_peak("longtake", frames) for frames in counts]
    for frames, their, our in zip(counts, theirs, ours, strict=True):
        yield Row(f"{frames:,} frames", f"{their:.0f}", f"{our:.0f}", "MB")
    growths = [many / few for few, many in (theirs, ours)]
    yield Row(
        f"{counts[1]:,} frames over {counts[0]}",
        *(f"{growth:.2f}" for growth in growths),
        "times",
        goal=f"≤ {_FLAT}",
        reached=growths[1] <= _FLAT,
    )


def _peak(who: str, frames: int) -> float:
    """Give the peak memory of a process that tracks that many frames, megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", who, str(frames)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout) / 1e6
