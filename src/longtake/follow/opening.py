"""Opening a recording that may not be there yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import NotFound
from longtake.streams import StreamFileView
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    import os


def open_when_there(
    path: str | os.PathLike[str], wait: float | None = None, poll: float | None = None
) -> StreamFileView:
    """Open a recording to read; wait for it for so many seconds, if it is not there.

    Raises
    ------
    NotFound
        If there is no such file by then.
    NotALongtakeFile
        If it is no recording.
    """
    polling = Polling(poll, wait or 0)
    while True:
        is_over = polling.is_over
        try:
            return StreamFileView(Path(path))
        except NotFound as error:
            if is_over:
                rest = f", also after {wait:g} s" if wait else "; wait= (--wait) waits for it"
                raise NotFound(error.errno, f"there is no file {path}{rest}") from error
        polling.wait()
