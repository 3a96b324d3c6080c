"""``longtake pack``: a compressed copy of a recording."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Codec(StrEnum):
    """What a packed file is compressed with."""

    ZSTD = "zstd"
    GZIP = "gzip"


def pack(
    file: Annotated[Path, typer.Argument(help="A recording.", show_default=False)],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The file to make.", show_default=False)
    ],
    codec: Annotated[
        Codec, typer.Option(help="Blosc2's zstd, or gzip, which every HDF5 program reads.")
    ] = Codec.ZSTD,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Copy a recording to a compressed file, and read every entry of it again."""
    from longtake.recording.pack import pack as run

    report = run(file, output, codec=codec.value)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
        return
    typer.echo(report.verdict())
    for line in report.lost:
        typer.echo(f"  not copied  {line}")
