"""The result in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from benchmarks.row import Row

_NARROWEST = 140


def show(title: str, rows: list[Row]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("case", overflow="fold")
    for heading in ("trackpy", "longtake", "unit", "ratio", "lowest–highest", "rounds", "goal"):
        table.add_column(heading, justify="left" if heading == "unit" else "right")
    for row in rows:
        goal = f"{row.goal} missed" if row.reached is False else row.goal
        table.add_row(
            row.case,
            row.trackpy,
            row.longtake,
            row.unit,
            row.ratio,
            row.spread,
            row.rounds,
            goal,
            style="red" if row.reached is False else None,
        )
    console = Console()
    # Into a pipe or a log, rich would otherwise fold it to 80 columns.
    Console(width=max(console.width, _NARROWEST) if not console.is_terminal else None).print(table)
