"""How many rows are in use of datasets that longtake appends to: the rest was allocated ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.streams import StreamFileView


def rows_in_use(view: StreamFileView) -> Callable[[str], int | None] | None:
    """Give the function that tells the rows in use by a dataset's path, or None for no dataset.

    It gives None for datasets of which all rows are in use; asked again, it looks again.
    """
    if view.was_closed:  # all of all datasets
        return None
    streams = [stream for _, stream in view.streams]

    def rows(path: str) -> int | None:
        for stream in streams:
            if path.startswith(stream.group + "/"):
                stream.refresh()
                return next((d.rows for d in stream.datasets if d.path == path), None)
        return None

    return rows
