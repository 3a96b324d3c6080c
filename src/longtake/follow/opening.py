"""Opening a recording that may not be there yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import FileInUse, NotALongtakeFile, NotFound
from longtake.streams import StreamFileView
from longtake.streams.polling import Polling, seconds

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
    NotALongtakeFile, FileInUse
        If it is no recording, or another program has it open to write.
    InvalidArgument, WrongType
        If a time is not a number of seconds, 0 or more.
    """
    longest = 0.0 if wait is None else seconds(wait, "wait")
    polling = Polling(poll, longest)
    while True:
        is_over = polling.is_over
        try:
            return StreamFileView(Path(path))
        except NotFound as error:
            if is_over:
                rest = f", also after {longest:g} s" if longest else "; wait= (--wait) waits for it"
                raise NotFound(error.errno, f"there is no file {path}{rest}") from error
        except (NotALongtakeFile, FileInUse) as error:
            *number, said = error.args
            raise type(error)(
                *number,
                f"{said}; what another program writes in SWMR mode is followed by DataSource, or "
                "recorded by `longtake record --from`",
            ) from error
        polling.wait()
