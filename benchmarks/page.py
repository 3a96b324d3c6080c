"""The result as a page of the documentation."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmarks.row import Row

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_PACKAGES = ("longtake", "trackpy", "numpy", "numba", "pandas", "scipy", "h5py", "tables", "pims")

_TOP = """\
# Benchmarks: longtake beside trackpy

`make bench` shows these figures for your machine; `.venv/bin/python -m benchmarks --write` wrote
this page. Cases can be named (`locate`, `link`, `stores`, `movie`, `memory`); `--quick` only tries
whether all of them run.

trackpy and longtake take turns on the same data, A B A B, in one process. Before that their results
are compared, and where they differ the run stops. Given are the median of each, the median of the
rounds' ratios, and the lowest and the highest ratio. Times are by the clock on the wall, with all
kernels compiled beforehand, on one core unless a case says otherwise. The ratios are what carries
over to other machines.
"""


class Case(Protocol):
    """A module with a comparison."""

    TITLE: str
    ABOUT: str


def write_page(results: list[tuple[Case, list[Row]]], took_s: float) -> None:
    parts = [_TOP, _machine(took_s), _shortfalls(results)]
    parts += [_section(case, rows) for case, rows in results]
    PAGE.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    print(f"wrote {PAGE.parent.name}/{PAGE.name}")


def _section(case: Case, rows: list[Row]) -> str:
    lines = [
        f"## {case.TITLE}\n",
        f"{case.ABOUT.strip()}\n",
        "| case | trackpy | longtake | unit | ratio | lowest–highest | rounds | goal |",
        "|---|--:|--:|---|--:|--:|--:|--:|",
    ]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    goal = f"{row.goal}, **missed**" if row.reached is False else row.goal
    ratio = f"**{row.ratio}**" if row.ratio else ""
    return [row.case, row.trackpy, row.longtake, row.unit, ratio, row.spread, row.rounds, goal]


def _shortfalls(results: list[tuple[Case, list[Row]]]) -> str:
    missed = [row.case for _, rows in results for row in rows if row.reached is False]
    return f"Short of the goal in this run: {'; '.join(missed)}.\n" if missed else ""


def _machine(took_s: float) -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return (
        f"Run on {datetime.now(UTC):%Y-%m-%d}, in {took_s / 60:.0f} minutes, on {_processor()} "
        f"({os.cpu_count()} cores), {_system()}, with Python {platform.python_version()}, "
        f"{versions}.\n"
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1] for line in text.splitlines() if line.startswith("model name")]
    return models[0].strip() if models else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"
