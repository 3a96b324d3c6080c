"""When a recording begins and ends, in frames, by what its user asked for."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, WrongType
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from longtake.rig.backlog import Backlog


def frames_in(seconds: float, frames_per_second: int, what: str) -> int:
    """Give how many frames so many seconds are, to the nearest.

    Raises
    ------
    WrongType, InvalidArgument
        If they are no number, or not finite, or less than 0.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, Real):
        raise WrongType(f"{what} is a number, not {seconds!r}")
    if not math.isfinite(seconds) or seconds < 0:
        raise InvalidArgument(f"{what} is 0 or more, not {seconds!r}")
    return round(float(seconds) * frames_per_second)


def length(frames_per_second: int, seconds: float | None, frames: int | None) -> int | None:
    """Give how many frames are to be recorded; None for no end.

    Raises
    ------
    WrongType, InvalidArgument
        If both are given, or there is not one frame to record.
    """
    if seconds is not None and frames is not None:
        raise InvalidArgument("stop_after_seconds and stop_after_frames: give one of them")
    if seconds is not None:
        frames = frames_in(seconds, frames_per_second, "stop_after_seconds")
    if frames is None:
        return None
    count = whole_number(frames, "stop_after_frames")
    if count < 1:
        raise InvalidArgument(f"a recording of {count} frames: at least one is needed")
    return count


class Beginning:
    """When a recording is asked to begin: one of these, or now.

    Parameters
    ----------
    seconds_ago, frames_ago, timestamp : number, optional

    Raises
    ------
    WrongType, InvalidArgument
        If more than one is given, or it is no time.
    """

    def __init__(
        self, seconds_ago: float | None, frames_ago: int | None, timestamp: int | None
    ) -> None:
        given = [value is not None for value in (seconds_ago, frames_ago, timestamp)]
        if sum(given) > 1:
            raise InvalidArgument(
                "from_seconds_ago, from_frames_ago and from_timestamp: give one of them"
            )
        self.is_now = not any(given)
        self._seconds = seconds_ago
        if seconds_ago is not None:
            frames_in(seconds_ago, 1, "from_seconds_ago")
        self._frames = (
            None if frames_ago is None else whole_number(frames_ago, "from_frames_ago", least=0)
        )
        self._timestamp = None if timestamp is None else whole_number(timestamp, "from_timestamp")

    def timestamp(self, position: int, frames_per_second: int) -> int:
        """Give the frame that it is, if the next one of the source is at `position`."""
        if self._timestamp is not None:
            return self._timestamp
        if self._seconds is not None:
            return position - frames_in(self._seconds, frames_per_second, "from_seconds_ago")
        return position - (self._frames or 0)


def require_kept(start: int, now: int, backlog: Backlog, frames_per_second: int) -> None:
    """Refuse to begin a recording at a time that is to come, or no longer kept.

    Raises
    ------
    InvalidArgument
        If so; it says from when on the source's frames are kept.
    """
    if start > now:
        raise InvalidArgument(
            f"a recording cannot begin at {start}, which is to come: it is {now} now"
        )
    if start < backlog.start:
        kept = max(0, now - backlog.start)
        raise InvalidArgument(
            f"a recording cannot begin at {start}: the session remembers the frames from "
            f"{backlog.start} on, the last {kept} ({kept / frames_per_second:.2f} s); open it "
            "earlier, or with a larger backlog_seconds, to reach back further"
        )
