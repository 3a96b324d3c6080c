"""``longtake export``: files of an HDF5 file into a folder of the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export_folder(
    file: Annotated[Path, typer.Argument(help="An HDF5 file.", show_default=False)],
    node: Annotated[
        str,
        typer.Argument(help="A group, or one file in it; packed ones too.", show_default=False),
    ],
    folder: Annotated[
        Path, typer.Argument(help="Where to; made if it is not there.", show_default=False)
    ],
) -> None:
    """Copy the files below a group of an HDF5 file into a folder, and write over nothing."""
    from longtake.cli.file_progress import file_bar
    from longtake.cli.progress import exit_code
    from longtake.tree import filenode, open_file
    from longtake.tree.files.way import node_and_name

    try:
        with open_file(file) as h5, file_bar() as progress:
            found, name = node_and_name(h5, node)
            copied = filenode.export_folder(found, folder, name=name, progress=progress)
    except KeyboardInterrupt as stopped:
        typer.secho(f"longtake: stopped; what was copied is in {folder}", err=True)
        raise typer.Exit(exit_code(stopped)) from None
    typer.echo(f"{folder}: {copied}")
    for line in copied.left_out:
        typer.echo(f"  left out  {line}")
