"""``longtake tree``: what is in any HDF5 file, node by node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def tree(
    file: Annotated[Path, typer.Argument(help="An HDF5 file.", show_default=False)],
    node: Annotated[str, typer.Argument(help="Where to begin.")] = "/",
    *,
    attributes: Annotated[
        bool, typer.Option("-a", "--attributes", help="Tell of the attributes too.")
    ] = False,
    data: Annotated[
        bool, typer.Option("-d", "--data", help="Tell of the first and last rows too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the groups, tables and arrays of a file, with their shapes, types and filters."""
    from longtake.tree import open_file
    from longtake.tree.dumping import described_nodes, dump

    with open_file(file) as h5:
        start = h5.get_node(node)
        if as_json:
            typer.echo(json.dumps(described_nodes(start, attributes=attributes), indent=2))
            return
        for line in dump(start, attributes=attributes, data=data):
            typer.echo(line)
