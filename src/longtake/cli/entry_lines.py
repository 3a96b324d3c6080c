"""An entry as a line of text, or of JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

_WIDTH = 200

JsonLines = Annotated[bool, typer.Option("--json", help="A line of JSON for each entry.")]


def show(key: int, value: Any, stream: str | None = None, *, as_json: bool) -> None:
    """Print an entry, with the name of its stream if that is given."""
    if as_json:
        named = {} if stream is None else {"stream": stream}
        typer.echo(json.dumps(named | {"key": key, "value": plain(value)}))
        return
    text = " ".join(repr(value).split())
    named = "" if stream is None else f"{stream}  "
    typer.echo(f"{named}{key}  {text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}")


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
