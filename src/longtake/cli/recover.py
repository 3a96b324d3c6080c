"""``longtake recover``: put a file right that a crash left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def recover(
    file: Annotated[
        Path, typer.Argument(help="A recording, or any HDF5 SWMR file.", show_default=False)
    ],
    *,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Change the file itself, not a copy.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Put a file right that a crash left, in a copy, and say what was kept and what was lost."""
    from longtake.recording.recover import recover as run

    report = run(file, in_place=in_place)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
        return
    typer.echo(report.verdict())
    for line in report.kept:
        typer.echo(f"  kept  {line}")
    for line in report.lost:
        typer.echo(f"  lost  {line}")
