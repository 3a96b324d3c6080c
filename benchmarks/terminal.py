"""The result in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.columns import WORDS, columns

if TYPE_CHECKING:
    from benchmarks.row import Row

_NARROWEST = 140


def show(title: str, rows: list[Row]) -> None:
    table = Table(title=title, title_justify="left")
    shown = columns(rows)
    for heading in shown:
        table.add_column(heading, justify="left" if heading in WORDS else "right", overflow="fold")
    for row, cells in zip(rows, zip(*shown.values(), strict=True), strict=True):
        table.add_row(*cells, style="red" if row.reached is False else None)
    console = Console()
    # Into a pipe or a log, rich would otherwise fold it to 80 columns.
    Console(width=max(console.width, _NARROWEST) if not console.is_terminal else None).print(table)
