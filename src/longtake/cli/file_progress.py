"""The bar that copying many files shows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

from longtake.cli.progress import Lines, stopping_between_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from longtake.tree.files.copied_files import CopiedFiles


@contextmanager
def file_bar() -> Generator[Callable[[CopiedFiles], None]]:
    """Show files, bytes and their rate on the terminal, while the context lasts.

    Ctrl-C lets the file that is under way be finished, then raises KeyboardInterrupt; a second one
    does not wait.
    """
    columns = (
        BarColumn(),
        TextColumn("{task.fields[files]} files"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with (
        Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as shown,
        stopping_between_steps() as stop_if_asked,
    ):
        task = shown.add_task("", total=None, files=0)
        lines = Lines(console)

        def tell(copied: CopiedFiles) -> None:
            done, total = copied.files, copied.total_files
            shown.update(task, completed=copied.bytes, total=copied.total_bytes, files=done)
            lines.tell(f"{done} of {total} files, {copied.bytes} of {copied.total_bytes} bytes")
            stop_if_asked()

        yield tell
