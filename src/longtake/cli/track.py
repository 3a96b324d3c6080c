"""``longtake track``: from images to trajectories in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longtake.cli.track_live import track_live
from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.tracking import Tracked


def track(
    pattern: Annotated[
        list[str],
        typer.Argument(
            help="The movie: a pattern such as 'frames/*.png' (in quotes), a folder, a TIFF stack,"
            " a video, or the image files themselves. With --live: RECORDING/STREAM.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The file to make.", show_default=False)
    ],
    diameter: Annotated[
        str,
        typer.Option(
            "-d",
            "--diameter",
            help="Size of a feature in pixels, odd; or one for each axis, as in 5,11,11.",
            show_default=False,
        ),
    ],
    search_range: Annotated[
        str,
        typer.Option(
            "-r",
            "--search-range",
            help="How far a particle moves from frame to frame, in pixels; or one for each axis.",
            show_default=False,
        ),
    ],
    *,
    memory: Annotated[
        int, typer.Option("-m", "--memory", help="Frames a particle may be out of sight.")
    ] = 0,
    invert: Annotated[
        bool, typer.Option("--invert", metavar=" ", help="Features are dark.")
    ] = False,
    minmass: Annotated[float, typer.Option(help="Least brightness of a feature, summed.")] = 0,
    maxsize: Annotated[
        float | None, typer.Option(help="Greatest radius of gyration, in pixels.")
    ] = None,
    separation: Annotated[
        str | None, typer.Option(help="Least distance of two features. (default: diameter + 1)")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Clip the band-passed image below this. (default: 1)")
    ] = None,
    percentile: Annotated[
        float, typer.Option(help="Features must be brighter than so many % of pixels.")
    ] = 64,
    topn: Annotated[int | None, typer.Option(help="Keep only the N brightest.")] = None,
    gray: Annotated[
        str | None,
        typer.Option(help="Of images with channels: the channel's number (0), or 'mean'."),
    ] = None,
    on_error: Annotated[
        str, typer.Option(help="'raise': stop at an unreadable image; 'skip': note it, go on.")
    ] = "raise",
    resume: Annotated[
        bool, typer.Option("--resume", metavar=" ", help="Continue where an earlier run stopped.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("-j", "--workers", help="Threads. (default: one a processor)")
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            metavar=" ",
            help="Track a recording while it is made, as run.h5/camera; --resume goes on.",
        ),
    ] = False,
    wait: Annotated[
        float | None, typer.Option(help="With --live: seconds to wait until it is begun.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="With --live: give up after so many seconds without a frame."),
    ] = None,
) -> None:
    """Find the particles of every frame, link them, and store the trajectories.

    Frame by frame, in bounded memory. Ctrl-C leaves a good file; --resume goes on from there and
    ends with what an uninterrupted run would have stored.
    """
    from longtake.cli.progress import exit_code

    if not live and not (wait is None and timeout is None):
        raise InvalidArgument("--wait and --timeout go with --live")
    arguments = {
        "memory": memory,
        "gray": int(gray) if gray is not None and gray.isdecimal() else gray,
        "on_error": on_error,
        "resume": resume,
        "workers": workers,
        "invert": invert,
        "minmass": minmass,
        "maxsize": maxsize,
        "separation": _numbers("--separation", separation, float) if separation else None,
        "threshold": threshold,
        "percentile": percentile,
        "topn": topn,
    }
    sizes = _numbers("--diameter", diameter, int)
    reach = _numbers("--search-range", search_range, float)
    try:
        if live:
            given = {"wait": wait, "timeout": timeout}
            done = track_live(pattern, sizes, reach, output, **given, **arguments)
        else:
            done = _track_movie(pattern, sizes, reach, output, arguments)
    except KeyboardInterrupt as stopped:
        typer.secho(
            f"longtake: stopped; what was tracked is in {output}. "
            "Run the same command with --resume to go on",
            err=True,
        )
        raise typer.Exit(exit_code(stopped)) from None
    _tell(done)


def _track_movie(
    pattern: list[str], sizes: Any, reach: Any, output: Path, arguments: dict[str, Any]
) -> Tracked:
    from longtake.cli.progress import bar
    from longtake.tracking import track

    movie = pattern[0] if len(pattern) == 1 else pattern
    with bar() as progress:
        return track(movie, sizes, reach, output, progress=progress, **arguments)


def _tell(done: Tracked) -> None:
    resumed = f", resumed at frame {done.resumed_at}" if done.resumed_at is not None else ""
    failed = f", {done.failed} unreadable" if done.failed else ""
    typer.echo(
        f"{done.path}: {done.frames} frames{resumed}{failed}, {done.features} features, "
        f"{done.trajectories} trajectories"
    )
    if done.frames and not done.features:
        typer.secho(
            "longtake: nothing was found: lower --minmass, or add --invert if features are dark",
            err=True,
        )


def _numbers(option: str, text: str, kind: Callable[[str], Any]) -> Any:
    """Read ``5`` as a number and ``5,11,11`` as a tuple of them."""
    try:
        values = [kind(part) for part in text.split(",")]
    except ValueError:
        raise InvalidArgument(
            f"{option} {text!r}: give a number, or one for each axis as in 5,11,11"
        ) from None
    return tuple(values) if len(values) > 1 else values[0]
