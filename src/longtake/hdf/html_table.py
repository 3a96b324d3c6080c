"""What notebooks show of an object: a small table of text, and nothing that acts."""

from __future__ import annotations

from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MOST_ROWS = 60
_MOST_TEXT = 200


def html_table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Give a title, and names with what they stand for, as HTML: sixty rows at most.

    Whatever the texts hold is shown as text; long ones are cut.

    Examples
    --------
    >>> html_table("/camera", [("note", "<b>")])
    '<table><caption>/camera</caption><tr><th>note</th><td>&lt;b&gt;</td></tr></table>'
    """
    waiting = iter(rows)
    lines = [
        f"<tr><th>{_safe(name)}</th><td>{_safe(text)}</td></tr>"
        for name, text in islice(waiting, _MOST_ROWS)
    ]
    more = sum(1 for _ in waiting)
    lines += [f"<tr><th>…</th><td>and {more} more</td></tr>"] if more else []
    return f"<table><caption>{_safe(title)}</caption>{''.join(lines)}</table>"


def told(tell: Callable[[], str]) -> str:
    """Give a text, or why there is none: to print something is no reason to stop."""
    try:
        return tell()
    except LongtakeError as error:
        return str(error)


def _safe(text: str) -> str:
    cut = text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
    # A file's names may hold halves of characters, which no notebook can store.
    return escape(cut.encode("utf-8", "backslashreplace").decode())
