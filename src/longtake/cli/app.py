"""The command and its verbs; errors become one sentence."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from longtake.cli import (
    check,
    demo,
    export_folder,
    follow,
    head,
    import_folder,
    info,
    pack,
    paraview,
    record,
    recover,
    track,
    tree,
)
from longtake.cli.exit_codes import exit_code
from longtake.errors import LongtakeError

#: Whoever sets this variable wants to see where an error comes from.
_TRACEBACK = "LONGTAKE_TRACEBACK"

app = typer.Typer(
    name="longtake",
    help="Record, and track particles through movies of any length, in one plain HDF5 file.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("track")(track.track)
app.command("record")(record.record)
app.command("follow")(follow.follow)
app.command("info")(info.info)
app.command("demo")(demo.demo)
app.command("tree")(tree.tree)
app.command("paraview")(paraview.paraview)
app.command("import")(import_folder.import_folder)
app.command("export")(export_folder.export_folder)
app.command("check")(check.check)
app.command("recover")(recover.recover)
app.command("pack")(pack.pack)
app.command("head")(head.head)
app.command("tail")(head.tail)


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
    """Run the command; exit with 1, 3 or 4 after an error, which is told in one sentence.

    With ``LONGTAKE_TRACEBACK=1`` in the environment the error comes as it is.
    """
    try:
        app(prog_name="longtake")
    except Exception as error:
        if os.environ.get(_TRACEBACK, "0") != "0":
            raise
        typer.secho(f"longtake: {_sentence(error)}", err=True, fg="red")
        sys.exit(exit_code(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, LongtakeError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(":")
    return (
        f"this is a bug in longtake ({said}): please report it, with the traceback that is shown "
        f"when {_TRACEBACK}=1 is in the environment"
    )
