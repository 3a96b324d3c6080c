"""The line that live work shows: how much is done, and how far behind it is."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from longtake.cli.progress import Lines, stopping_between_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from longtake.pipeline import Progress

_A_SECOND = 10


@contextmanager
def live_line() -> Generator[Callable[[Progress | None], None]]:
    """Show frames, rate, lag and features on the terminal, while the context lasts.

    Given no progress, it only stops if it is asked to, as `stopping_between_steps` says.
    """
    console = Console(stderr=True)
    spinner = Spinner("dots", "waiting")
    with (
        Live(spinner, console=console, transient=True, refresh_per_second=_A_SECOND)
        if console.is_terminal
        else nullcontext(),
        stopping_between_steps() as stop_if_asked,
    ):
        lines = Lines(console)

        def tell(progress: Progress | None) -> None:
            if progress is not None:
                line = status(progress)
                spinner.update(text=line)
                lines.tell(line)
            stop_if_asked()

        yield tell


def status(progress: Progress) -> str:
    """Say how far live work is.

    Examples
    --------
    >>> from longtake.pipeline import Progress
    >>> status(Progress(300, 302, 1500, 99.7, 0, lag=0.012))
    '300 frames, 100/s, 2 behind (12 ms), 1500 features'
    >>> status(Progress(0, None, 0, 0.0, 0))
    'waiting for the first frame'
    """
    if progress.total is None or progress.lag is None:
        return "waiting for the first frame"
    behind = max(0, progress.total - progress.done)
    return (
        f"{progress.done} frames, {progress.rate:.0f}/s, {behind} behind "
        f"({1000 * progress.lag:.0f} ms), {progress.features} features"
    )
