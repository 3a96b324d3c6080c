"""The command and its verbs; errors become one sentence."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from longtake.cli import demo, info, track
from longtake.errors import LongtakeError

app = typer.Typer(
    name="longtake",
    help="Track particles through movies of any length, into one plain HDF5 file.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("track")(track.track)
app.command("info")(info.info)
app.command("demo")(demo.demo)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (typer's callback)
    if wanted:
        from importlib.metadata import version

        typer.echo(f"longtake {version('longtake')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", callback=_show_version),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; exit with 1 after an error, which is told in one sentence."""
    try:
        app(prog_name="longtake")
    except LongtakeError as error:
        said = getattr(error, "strerror", None) or error
        typer.secho(f"longtake: {said}", err=True, fg="red")
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.secho(f"longtake: {where}{error.strerror or error}", err=True, fg="red")
        sys.exit(1)
