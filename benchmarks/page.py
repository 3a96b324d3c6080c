"""The result as a page of the documentation."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks.columns import MISSED, WORDS, columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.row import Row

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_PACKAGES = (
    "longtake", "trackpy", "numpy", "numba", "pandas", "scipy", "h5py", "tables", "pims", "msgpack",
    "mcap",
)  # fmt: skip

_TOP = """\
# Benchmarks: longtake beside others

`make bench` shows these figures for your machine; `.venv/bin/python -m benchmarks --write` wrote
this page. Cases can be named ({cases}); `--quick` only tries whether
all of them run.

longtake and those it is compared with take turns on the same data, A B A B, in one process. Before
that their results are compared, and where they differ the run stops. Given are the median of each,
the median of the rounds' ratios (how many times better longtake is), and the lowest and the highest
ratio. Times are by the clock on the wall, with all kernels compiled beforehand, on one core unless
a section says otherwise. The ratios are what carries over to other machines.
"""


class Case(Protocol):
    """A module with a comparison."""

    TITLE: str
    ABOUT: str


def write_page(results: dict[str, tuple[Case, list[Row]]], took_s: float) -> None:
    """Write the page of all cases, by name."""
    parts = [_TOP.format(cases=", ".join(f"`{name}`" for name in results))]
    parts += [_machine(took_s), _shortfalls(row for _, rows in results.values() for row in rows)]
    parts += [_section(case, rows) for case, rows in results.values()]
    PAGE.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    print(f"wrote {PAGE.parent.name}/{PAGE.name}")


def _section(case: Case, rows: list[Row]) -> str:
    shown = columns(rows)
    lines = [
        f"## {case.TITLE}\n",
        f"{case.ABOUT.strip()}\n",
        _line(shown),
        f"|{'|'.join('---' if heading in WORDS else '--:' for heading in shown)}|",
    ]
    marked = [[_marked(heading, cell) for cell in cells] for heading, cells in shown.items()]
    lines += map(_line, zip(*marked, strict=True))
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(heading: str, cell: str) -> str:
    if heading == "goal":
        return cell.replace(MISSED, f"**{MISSED}**")
    return f"**{cell}**" if heading == "ratio" and cell else cell


def _shortfalls(rows: Iterable[Row]) -> str:
    missed = [row.case for row in rows if row.reached is False]
    return f"Short of the goal in this run: {'; '.join(missed)}.\n" if missed else ""


def _machine(took_s: float) -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return (
        f"Run on {datetime.now(UTC):%Y-%m-%d}, in {took_s / 60:.0f} minutes, on {_processor()} "
        f"({os.cpu_count()} cores), {_system()}, with Python {platform.python_version()}, "
        f"{versions}, SQLite {sqlite3.sqlite_version}.\n"
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
