"""A stream that is named at the command line, which may have to be waited for."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, NotFound, NothingCame

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from longtake.streams import FrameStreamView

_LOOK_S = 0.05


@contextmanager
def live_stream(
    given: str, *, wait: float | None, waiting: Callable[[], object]
) -> Generator[FrameStreamView]:
    """Open the frame stream RECORDING/STREAM, to read while it is written.

    With `wait`, neither need be there for so many seconds; `waiting` is called until they are, and
    ends it by raising something.
    """
    path, name = _parts(given)
    if wait is not None:
        _wait_for(path, name, wait, waiting)
    from longtake.recording import RecordingView

    with RecordingView(path) as view:
        yield view.frame_streams[name]


def _parts(given: str) -> tuple[Path, str]:
    path, _, name = given.rpartition("/")
    if not path or not name or Path(given).is_file():
        raise InvalidArgument(
            f"{given}: name the recording and its stream of frames, as in run.h5/camera "
            "(`longtake info` lists them)"
        )
    return Path(path), name


def _wait_for(path: Path, name: str, wait: float, waiting: Callable[[], object]) -> None:
    from longtake.streams.polling import Polling

    polling = Polling(_LOOK_S, wait)
    while not _is_there(path, name):
        waiting()
        if polling.is_over:
            raise NothingCame(f"{path / name} did not appear within {polling.timeout:g} s")
        polling.wait()


def _is_there(path: Path, name: str) -> bool:
    """Whether a recording has a stream, or will never have it."""
    from longtake.recording import RecordingView

    # Opened each time: the file may be replaced, and one that was left may be gone on with.
    try:
        with RecordingView(path) as view:
            may_go_on = view.state in {"recording", "aborted"}  # asked first: what it made is seen
            return name in view.frame_streams or not may_go_on
    except NotFound:
        return False
