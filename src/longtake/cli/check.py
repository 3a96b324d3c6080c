"""``longtake check``: whether everything in a recording is as it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from longtake.recording.check import CheckReport


def check(
    files: Annotated[list[Path], typer.Argument(help="Recordings.", show_default=False)],
    *,
    details: Annotated[
        bool, typer.Option("-v", "--details", help="Tell of each stream, and each problem.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Read all of a recording, every index row and checksum; exit with 1 if anything is wrong."""
    from longtake.recording.check import check as run

    reports = []
    for file in files:
        reports.append(run(file))
        if not as_json:
            typer.echo(reports[-1].verdict())
            if details:
                _tell(reports[-1])
    if as_json:
        found = [report.to_dict() for report in reports]
        typer.echo(json.dumps(found if len(found) > 1 else found[0], indent=2))
    if not all(report.is_whole for report in reports):
        raise typer.Exit(1)


def _tell(report: CheckReport) -> None:
    for stream in report.streams:
        span = "" if stream.first is None else f", keys {stream.first} to {stream.last}"
        typer.echo(f"  {stream.path}: {stream.entries} entries{span}, {stream.bytes} bytes")
    for problem in report.problems:
        typer.echo(f"  {problem}")
    more = report.problem_count - len(report.problems)
    if more:
        typer.echo(f"  and {more} more problems")
