"""``longtake import``: a folder of the disk into an HDF5 file."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Generator

_DRAFT = ".longtake-import"


def import_folder(
    folder: Annotated[Path, typer.Argument(help="What to copy.", show_default=False)],
    file: Annotated[
        Path,
        typer.Argument(help="An HDF5 file; it is made if it is not there.", show_default=False),
    ],
    node: Annotated[str, typer.Argument(help="The group that becomes the folder.")] = "/",
    *,
    packed: Annotated[
        bool, typer.Option("--packed", help="For many small files: all in three datasets.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that have changed.")
    ] = False,
) -> None:
    """Copy a folder, with all that is in it, into an HDF5 file.

    Ctrl-C leaves a good file, and the same command goes on from there: what is there already, of
    the same size and time, is not copied again.
    """
    from longtake.cli.file_progress import file_bar
    from longtake.cli.progress import exit_code
    from longtake.tree import filenode, open_file

    try:
        with _whole(file) as path, file_bar() as progress, open_file(path, "a") as h5:
            copied = filenode.import_folder(
                h5, node, folder, packed=packed, overwrite=overwrite, progress=progress
            )
    except KeyboardInterrupt as stopped:
        typer.secho(
            f"longtake: stopped; what was copied is in {file}. Run the same command to go on",
            err=True,
        )
        raise typer.Exit(exit_code(stopped)) from None
    typer.echo(f"{file}: {copied}")
    for line in copied.left_out:
        typer.echo(f"  left out  {line}")


@contextmanager
def _whole(file: Path) -> Generator[Path]:
    """Give the file, or a draft that becomes the file once it is closed.

    So a crash leaves no file that is half a file; whatever else ends it, what was copied is kept.
    """
    if file.exists():
        yield file
        return
    draft = file.with_name(file.name + _DRAFT)
    draft.unlink(missing_ok=True)
    try:
        yield draft
    finally:
        if _holds_anything(draft):
            draft.rename(file)
        else:
            draft.unlink(missing_ok=True)


def _holds_anything(draft: Path) -> bool:
    from longtake.errors import LongtakeError
    from longtake.tree import open_file

    try:
        with open_file(draft) as h5:
            return len(h5.root) > 0
    except LongtakeError:
        return False
