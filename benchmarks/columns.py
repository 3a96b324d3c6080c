"""The result of a section as columns, for the page and for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.row import Row

#: The columns of words; the others are of figures.
WORDS = {"case", "beside", "unit"}
MISSED = "missed"


def columns(rows: list[Row]) -> dict[str, list[str]]:
    """Give a section's columns by heading, without those that no row has anything in.

    A peer that all rows share heads the column of its figures; of several, each row names its own.
    """
    peers = {row.peer for row in rows if row.theirs}
    has_several = len(peers) > 1
    cells = {
        "case": [row.case for row in rows],
        "beside": [row.peer if row.theirs and has_several else "" for row in rows],
        "its figure" if has_several else "".join(peers): [row.theirs for row in rows],
        "longtake": [row.longtake for row in rows],
        "unit": [row.unit for row in rows],
        "ratio": [row.ratio for row in rows],
        "lowest–highest": [row.spread for row in rows],
        "rounds": [row.rounds for row in rows],
        "goal": [f"{row.goal}, {MISSED}" if row.reached is False else row.goal for row in rows],
    }
    return {heading: column for heading, column in cells.items() if any(column)}
