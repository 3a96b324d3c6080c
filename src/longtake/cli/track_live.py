"""``longtake track --live``: from a recording that goes on to trajectories that grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from longtake.cli.exit_codes import exit_code
from longtake.errors import InvalidArgument, NothingCame, WriterDied

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.pipeline import Progress
    from longtake.tracking import Tracked


def track_live(
    given: list[str],
    sizes: Any,
    reach: Any,
    output: Path,
    *,
    wait: float | None,
    timeout: float | None,
    **arguments: Any,
) -> Tracked:
    """Track the stream RECORDING/STREAM until its recording is finished; say so if it is not."""
    from longtake.cli.live_line import live_line
    from longtake.cli.live_stream import live_stream
    from longtake.tracking import follow

    if len(given) != 1:
        raise InvalidArgument(f"--live takes one RECORDING/STREAM, not {len(given)} names")
    done = 0
    try:
        with live_line() as show:

            def progress(now: Progress) -> None:
                nonlocal done
                done = now.done
                show(now)

            arguments |= {"timeout": timeout, "progress": progress}
            when = {"wait": wait, "waiting": lambda: show(None)}
            with live_stream(given[0], **when) as stream:
                return follow(stream, sizes, reach, output, **arguments)
    except (WriterDied, NothingCame) as end:
        _tell(end, output, done)
        raise typer.Exit(exit_code(end)) from None


def _tell(end: WriterDied | NothingCame, output: Path, done: int) -> None:
    kept = f"; {done} frames are tracked in {output}" if done else ""
    typer.secho(f"longtake: {end}{kept}", err=True, fg="red")
