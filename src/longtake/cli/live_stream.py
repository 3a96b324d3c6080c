"""A stream that is named at the command line, which may have to be waited for."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, NothingCame

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from longtake.recording import RecordingView
    from longtake.streams import FrameStreamView
    from longtake.streams.polling import Polling

_LOOK_S = 0.05


@contextmanager
def live_stream(
    given: str, *, wait: bool, timeout: float | None, waiting: Callable[[], object]
) -> Generator[FrameStreamView]:
    """Open the frame stream RECORDING/STREAM, to read while it is written.

    With `wait`, neither need be there yet; `waiting` is called until they are, and ends it by
    raising something.
    """
    path, name = _parts(given)
    if wait:
        _wait_for(path, name, timeout, waiting)
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


def _wait_for(path: Path, name: str, timeout: float | None, waiting: Callable[[], object]) -> None:
    from longtake.recording import RecordingView
    from longtake.streams.polling import Polling

    polling = Polling(_LOOK_S, timeout)
    while not path.exists():
        _go_on(polling, path, waiting)
    with RecordingView(path) as view:
        while _may_come(view, name):
            _go_on(polling, path / name, waiting)


def _may_come(view: RecordingView, name: str) -> bool:
    is_written = view.state == "recording"  # asked first: what it made is seen
    return name not in view.frame_streams and is_written


def _go_on(polling: Polling, what: Path, waiting: Callable[[], object]) -> None:
    waiting()
    if polling.is_over:
        raise NothingCame(f"{what} did not appear within {polling.timeout:g} s")
    polling.wait()
