"""``longtake head`` and ``longtake tail``: the first and the last entries of a stream."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from longtake.streams import StreamFileView

_WIDTH = 200
_PAUSE_S = 0.05

_File = Annotated[Path, typer.Argument(help="A recording.", show_default=False)]
_Stream = Annotated[
    str | None,
    typer.Argument(help="A stream, as NAME or KIND/NAME; the only one, if there is one."),
]
_Count = Annotated[int, typer.Option("-n", "--entries", min=0, help="How many entries.")]
_Json = Annotated[bool, typer.Option("--json", help="A line of JSON for each entry.")]


def head(
    file: _File, stream: _Stream = None, *, entries: _Count = 10, as_json: _Json = False
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
    as_json: _Json = False,
) -> None:
    """Show the last entries of a stream, each with its key."""
    from longtake.streams import StreamFileView

    with StreamFileView(file) as view:
        chosen = choose(view, stream)
        items = chosen.items()
        shown = items[max(0, len(items) - entries) :]
        _show(shown, as_json=as_json)
        if follow:
            last = items[-1][0] if len(items) else None  # of those shown, not of those there now
            try:
                _show(_appended(view, chosen, last), as_json=as_json)
            except KeyboardInterrupt:
                return


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


def _appended(view: StreamFileView, stream: Any, last: int | None) -> Iterator[tuple[int, Any]]:
    """Give what comes after a key, until nobody writes any more."""
    while True:
        goes_on = view.is_being_written  # asked first, so that the last look misses nothing
        for key, value in stream.items_for_range(None if last is None else last + 1, None):
            yield key, value
            last = key
        if not goes_on:
            return
        time.sleep(_PAUSE_S)


def _show(items: Iterable[tuple[int, Any]], *, as_json: bool) -> None:
    for key, value in items:
        if as_json:
            typer.echo(json.dumps({"key": key, "value": plain(value)}))
        else:
            text = " ".join(repr(value).split())
            typer.echo(f"{key}  {text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}")


def plain(value: Any) -> Any:
    """Give a value as JSON can say it.

    Arrays come as lists, bytes as text of two digits a byte, and what is no finite number as null.
    """
    import math

    import numpy as np

    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype.names:
        return [dict(zip(value.dtype.names, plain(row), strict=True)) for row in value.tolist()]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
