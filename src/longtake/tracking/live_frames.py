"""A movie that goes on: the frames of a stream, in order, as soon as each of them is there."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longtake.errors import (
    DamagedFile,
    InvalidArgument,
    NothingCame,
    UnreadableFrame,
    WrongType,
)
from longtake.frames import Frame
from longtake.frames.frames import fingerprint_of
from longtake.frames.gray import Gray, check_gray, to_gray
from longtake.streams import FrameStreamView
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.streams.stream_follower import StreamFollower

#: While nothing comes, so often is asked whether to go on waiting, seconds.
_BREATH_S = 0.5
#: A key and its image, or why that cannot be read.
Entry = tuple[int, np.ndarray] | DamagedFile


class LiveFrame(NamedTuple):
    """A frame of a stream, with what is known of it.

    Attributes
    ----------
    frame : Frame
        Its number is its position in the stream.
    key : int
        What it is stored under in the stream.
    since : float, seconds
        When it was noticed, by `time.monotonic`.
    """

    frame: Frame
    key: int
    since: float


class LiveFrames:
    """Frames of a stream, by position, while it is written.

    Parameters
    ----------
    stream : FrameStreamView
    gray, ndim
        As of `open_frames`.
    timeout : float, optional
        For how many seconds nothing may come; by default for ever.
    waiting : callable
        Called twice a second while nothing comes; what it raises ends the waiting.

    Attributes
    ----------
    shape, dtype
        Of the gray images.
    fingerprint : str
        Of the first image, once `first` has given it; see `Frames`.
    """

    def __init__(
        self,
        stream: FrameStreamView,
        gray: Gray,
        ndim: int,
        timeout: float | None,
        waiting: Callable[[], object],
    ) -> None:
        if not isinstance(stream, FrameStreamView):
            raise WrongType(
                "follow() takes a frame stream, as longtake.open('run.h5').frame_streams.camera, "
                f"not {type(stream).__name__}"
            )
        check_gray(gray)
        self._stream = stream
        self._gray: Gray = gray
        self._ndim = ndim
        self._waited = Polling(timeout=timeout)
        self._waiting = waiting
        self._follower = self._follow(None)
        blank = to_gray(np.zeros(stream.shape, stream.dtype), gray, ndim, stream.group)
        self.shape, self.dtype = blank.shape, blank.dtype
        self.fingerprint = ""

    def first(self) -> Frame:
        """Wait for the first frame that can be read.

        Raises
        ------
        InvalidArgument
            If the stream was finished without one.
        """
        for batch in self.batches(0, most=1):
            frame = batch[0].frame
            try:
                image = frame.read()
            except UnreadableFrame:
                continue
            self.fingerprint = fingerprint_of(image)
            return frame
        raise InvalidArgument(f"{self._stream.group} was finished without a frame that can be read")

    def batches(self, number: int, most: int) -> Iterator[list[LiveFrame]]:
        """Give the frames from a position on: at once what is there, but `most` at a time.

        Raises
        ------
        WriterDied, NothingCame
            As of `FrameStreamView.follow`, once everything was given.
        """
        self._follower = self._follow(self._start_of(number))
        while True:
            since = monotonic() - self._follower.lag.seconds
            is_late = self._follower.lag.entries > 0
            batch: list[LiveFrame] = []
            while not batch or (len(batch) < most and self._follower.lag.entries):
                entry = self._next()
                if entry is None:
                    break
                since = since if is_late else monotonic()
                batch.append(self._live_frame(number, entry, since))
                number += 1
            if not batch:
                return
            yield batch

    @property
    def behind(self) -> int:
        """How many frames are there that were not given yet."""
        return self._follower.lag.entries

    def _start_of(self, number: int) -> int | None:
        """Give the least key that the frame at a position can have."""
        if number == 0:
            return None
        there = len(self._stream)
        if number > there:
            raise InvalidArgument(
                f"{number} frames were tracked, and {self._stream.group} has only {there}: it is "
                "another recording; choose another name for the output"
            )
        return int(self._stream.keys()[number - 1]) + 1

    def _follow(self, start: int | None) -> StreamFollower:
        timeout = self._waited.timeout
        breath = _BREATH_S if timeout is None else min(_BREATH_S, timeout)
        return self._stream.follow(start=start, timeout=breath)

    def _next(self) -> Entry | None:
        """Wait for what comes next: a frame, what is wrong with it, or the end."""
        self._waited.restart()
        while True:
            try:
                return next(self._follower, None)
            except DamagedFile as error:
                return error
            except NothingCame as error:
                self._waiting()
                if self._waited.is_over:
                    raise NothingCame(
                        f"{self._stream.group}: nothing came within {self._waited.timeout:g} s, "
                        "and whoever writes it still does; resume to go on waiting"
                    ) from error

    def _live_frame(self, number: int, entry: Entry, since: float) -> LiveFrame:
        if isinstance(entry, DamagedFile):
            key, decode = int(self._stream.keys()[number]), partial(_refuse, entry)
        else:
            key, image = entry
            decode = partial(np.asarray, image)
        frame = Frame(number, f"{self._stream.name} at {key}", decode, self._prepare)
        return LiveFrame(frame, key, since)

    def _prepare(self, frame: Frame, image: np.ndarray) -> np.ndarray:
        return to_gray(image, self._gray, self._ndim, str(frame))


def _refuse(damage: DamagedFile) -> np.ndarray:
    raise UnreadableFrame(str(damage)) from damage
