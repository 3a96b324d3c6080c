"""``python -m benchmarks [CASE ...] [--quick] [--write]``."""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import trackpy

import longtake.tracking
from benchmarks import (
    files,
    following,
    link,
    live_tracking,
    locate,
    memory,
    movie,
    record,
    recording_following,
    stores,
    tree,
)
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.four_streams import case as four_streams
from benchmarks.page import write_page
from benchmarks.terminal import show

if TYPE_CHECKING:
    from benchmarks.row import Row

CASES = {
    "locate": locate,
    "link": link,
    "stores": stores,
    "movie": movie,
    "memory": memory,
    "record": record,
    "tree": tree,
    "files": files,
    "following": following,
    "recording_following": recording_following,
    "live_tracking": live_tracking,
    "four_streams": four_streams,
}


def main() -> None:
    arguments = _arguments()
    # trackpy under current pandas and numpy warns a lot, which would take its time, not ours.
    warnings.simplefilter("ignore")
    trackpy.quiet()
    longtake.tracking.quiet()
    begin = time.perf_counter()
    effort = QUICK if arguments.quick else FULL
    results = {name: _run(name, effort) for name in arguments.cases or CASES}
    took = time.perf_counter() - begin
    missed = [row.case for rows in results.values() for row in rows if row.reached is False]
    if missed:
        print("short of the goal: " + "; ".join(missed))
    if arguments.write:
        write_page({name: (CASES[name], rows) for name, rows in results.items()}, took)


def _run(name: str, effort: Effort) -> list[Row]:
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="longtake-bench-") as folder:
        rows = list(CASES[name].rows(effort, Path(folder)))
    if effort is QUICK:  # so little work says nothing about goals
        rows = [replace(row, goal="", reached=None) for row in rows]
    show(CASES[name].TITLE, rows)
    print(f"{name} took {time.perf_counter() - begin:.0f} s\n")
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="little work: does it run at all?")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - set(CASES)
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}: there are {', '.join(CASES)}")
    if arguments.write and (arguments.quick or arguments.cases):
        parser.error("the page is of all cases in full: leave out --quick and the cases")
    return arguments


if __name__ == "__main__":
    main()
