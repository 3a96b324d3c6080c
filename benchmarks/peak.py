"""``python -m benchmarks.peak (trackpy | longtake) FRAMES``: print the bytes it took at most.

A process of its own, for `benchmarks.memory`.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import warnings
from pathlib import Path

from longtake.tracking.simulation import BrownianMovie


def main() -> None:
    who, frames = sys.argv[1:]
    movie = BrownianMovie(frames=int(frames), shape=(64, 64), particles=3, diffusion=0.1, radius=1)
    {"trackpy": _trackpy, "longtake": _longtake}[who](movie)
    print(_peak())


def _longtake(movie: BrownianMovie) -> None:
    from longtake.tracking import track

    with tempfile.TemporaryDirectory(prefix="longtake-bench-") as folder:
        track(movie, 7, 4, Path(folder) / "tracks.h5", minmass=200, workers=1)


def _trackpy(movie: BrownianMovie) -> None:
    import trackpy

    warnings.simplefilter("ignore")
    trackpy.quiet()
    trackpy.batch(movie, 7, minmass=200, processes=1)


def _peak() -> int:
    """Give the most memory this process had, in bytes."""
    # Linux counts into ru_maxrss what the process was forked from; VmHWM is this program's own.
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


if __name__ == "__main__":
    main()
