"""``longtake paraview``: an array of any HDF5 file, made ready to be opened in ParaView."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from longtake.tree import Filters

#: What HDF5 undoes on its own.
_OWN_FILTER = "zlib"


def paraview(
    file: Annotated[Path, typer.Argument(help="An HDF5 file.", show_default=False)],
    node: Annotated[
        str,
        typer.Argument(
            help="The array in it, such as /frame_stream/camera/data: see 'longtake tree'.",
            show_default=False,
        ),
    ],
    *,
    spacing: Annotated[
        str, typer.Option(help="Between points; or one for each axis, z,y,x, as in 2,0.5,0.5.")
    ] = "1",
    origin: Annotated[str, typer.Option(help="Of the first point, likewise.")] = "0",
    interval: Annotated[
        float | None,
        typer.Option(
            help="The first axis is time, in such steps. Frames of a recording have their "
            "timestamps without this."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file to write; otherwise FILE with .xmf."),
    ] = None,
    vtkhdf: Annotated[
        bool,
        typer.Option(
            "--vtkhdf",
            help="Write no file, but a group into FILE, by which ParaView opens FILE itself: "
            "for thousands of frames.",
        ),
    ] = False,
) -> None:
    """Write a small .xmf file that opens an array in ParaView; the numbers stay where they are.

    A group shows all its arrays of two axes or more, on one grid.
    """
    from longtake.tree import add_vtkhdf, open_file, to_xdmf
    from longtake.tree.paraview.field import arrays_of

    if vtkhdf and output is not None:
        raise InvalidArgument("--vtkhdf writes into FILE itself: leave --output out")
    options: dict[str, Any] = {
        "spacing": _numbers("--spacing", spacing),
        "origin": _numbers("--origin", origin),
    }
    with open_file(file, "r+" if vtkhdf else "r") as h5:
        arrays = arrays_of(h5.get_node(node))
        if interval is not None:
            options["times"] = [row * interval for row in range(len(arrays[0]))]
        if vtkhdf and len(arrays) > 1:
            raise InvalidArgument(f"{node} holds {len(arrays)} arrays: with --vtkhdf, name one")
        if vtkhdf:
            add_vtkhdf(arrays[0], **options)
        written = file if vtkhdf else to_xdmf(arrays, output, **options)
        needs_plugin = any(_needs_plugin(array.filters) for array in arrays)
    typer.echo(f"{written}: open it in ParaView")
    if needs_plugin:
        _tell_of_plugin()


def _needs_plugin(filters: Filters) -> bool:
    return filters.complevel > 0 and filters.complib != _OWN_FILTER


def _tell_of_plugin() -> None:
    import hdf5plugin

    typer.secho(
        "longtake: the numbers are compressed by what ParaView does not bring along: start it with "
        f"HDF5_PLUGIN_PATH={hdf5plugin.PLUGIN_PATH} in the environment",
        err=True,
    )


def _numbers(option: str, text: str) -> list[float] | float:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidArgument(
            f"{option} {text!r}: give a number, or one for each axis as in 2,0.5,0.5"
        ) from None
    return values if len(values) > 1 else values[0]
