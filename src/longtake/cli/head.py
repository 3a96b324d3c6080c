"""``longtake head`` and ``longtake tail``: the first and the last entries of a stream."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longtake.cli.entry_lines import JsonLines, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longtake.streams import StreamFileView

_File = Annotated[Path, typer.Argument(help="A recording.", show_default=False)]
_Stream = Annotated[
    str | None,
    typer.Argument(help="A stream, as NAME or KIND/NAME; the only one, if there is one."),
]
_Count = Annotated[int, typer.Option("-n", "--entries", min=0, help="How many entries.")]


def head(
    file: _File, stream: _Stream = None, *, entries: _Count = 10, as_json: JsonLines = False
) -> None:
    """Show the first entries of a stream, each with its key."""
    from longtake.streams import StreamFileView

    with StreamFileView(file) as view:
        _show(choose(view, stream).items()[:entries], as_json=as_json)


def tail(
    file: _File,
    stream: _Stream = None,
    *,
    entries: _Count = 10,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what is appended, until the end.")
    ] = False,
    as_json: JsonLines = False,
) -> None:
    """Show the last entries of a stream, each with its key."""
    from longtake.streams import StreamFileView

    with StreamFileView(file) as view:
        chosen = choose(view, stream)
        items = chosen.items()
        shown = items[max(0, len(items) - entries) :]
        _show(shown, as_json=as_json)
        if follow:
            # From the last that was shown, not from those that are there now.
            rest = chosen.follow(items[-1][0] + 1 if len(items) else None)
            with suppress(KeyboardInterrupt):
                _show(rest, as_json=as_json)


def choose(view: StreamFileView, name: str | None) -> Any:
    """Give the stream that is meant.

    Raises
    ------
    KeyNotFound
        If there is none of that name, or it is not said which of several is meant.
    """
    from longtake.errors import KeyNotFound

    found = {f"{kind}/{stream.name}": stream for kind, stream in view.streams}
    if name is None:
        meant = list(found)
    else:
        wanted = name.strip("/")
        meant = [full for full in found if wanted in {full, full.partition("/")[2]}]
    if len(meant) == 1:
        return found[meant[0]]
    listed = ", ".join(meant or found) or "none"
    if name is None or meant:
        raise KeyNotFound(f"{view.path}: say which stream is meant, of: {listed}")
    raise KeyNotFound(f"{view.path} has no stream {name!r}; there are: {listed}")


def _show(items: Iterable[tuple[int, Any]], *, as_json: bool) -> None:
    for key, value in items:
        show(key, value, as_json=as_json)
