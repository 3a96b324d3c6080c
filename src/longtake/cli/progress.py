"""The bar that long work shows, and how Ctrl-C ends it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from longtake.pipeline import Progress

_LINE_S = 30.0
#: What asks to stop: Ctrl-C, and `kill`.
_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def bar() -> Generator[Callable[[Progress], None]]:
    """Show frames, rate, features and memory on the terminal, while the context lasts.

    Ctrl-C, or `kill`, lets the frame that is under way be finished, then raises KeyboardInterrupt;
    a second one does not wait.
    """
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TextColumn("{task.fields[features]} features"),
        TextColumn("{task.fields[memory]:.0f} MB"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with (
        Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as shown,
        stopping_between_steps() as stop_if_asked,
    ):
        task = shown.add_task("", total=None, rate=0.0, features=0, memory=0.0)
        lines = Lines(console)

        def tell(progress: Progress) -> None:
            shown.update(
                task,
                completed=progress.done,
                total=progress.total,
                rate=progress.rate,
                features=progress.features,
                memory=progress.peak_memory / 1e6,
            )
            total = "" if progress.total is None else f" of {progress.total}"
            lines.tell(
                f"{progress.done}{total} frames, {progress.rate:.0f}/s, "
                f"{progress.features} features"
            )
            stop_if_asked()

        yield tell


class Lines:
    """Says how far the work is in a line now and then, where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = monotonic()

    def tell(self, line: str) -> None:
        """Say it, unless there is a bar, or something was said lately."""
        now = monotonic()
        if not self._console.is_terminal and now - self._said >= _LINE_S:
            self._said = now
            self._console.print(f"longtake: {line}")


@contextmanager
def stopping_between_steps() -> Generator[Callable[[], None]]:
    """Give a function that raises KeyboardInterrupt if Ctrl-C was pressed, or `kill` asked to end.

    A compiled kernel that is interrupted in the middle raises an error of its own instead.
    """
    asked = 0

    def note(number: int, _: object) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, None)
        asked = number

    def stop_if_asked() -> None:
        if asked:
            raise KeyboardInterrupt(asked)

    before = {number: signal.signal(number, note) for number in _STOPS}
    try:
        yield stop_if_asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(stopped: KeyboardInterrupt) -> int:
    """Give what a shell expects of a program that was stopped by a signal: 130 for Ctrl-C."""
    return 128 + int(stopped.args[0] if stopped.args else signal.SIGINT)
