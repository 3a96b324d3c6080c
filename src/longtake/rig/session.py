"""A session with a source: its clock, its data streams, and recordings of it."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from longtake.errors import AlreadyExists, Closed, InvalidArgument, LongtakeError
from longtake.rig import rig_file, span
from longtake.rig.backlog import Backlog
from longtake.rig.clock import AsFastAsPossible, Clock, RealTime
from longtake.rig.rig_recording import RigRecording
from longtake.rig.session_stream import SessionStream
from longtake.rig.source import CanStimulate
from longtake.rig.stream_choice import chosen_names
from longtake.streams.attribute_log import copied
from longtake.streams.stream_creation import require_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Mapping

    from longtake.rig.source import Source

_BLOCKS_PER_SECOND = 100
#: A little more than the CL SDK's recordings reach back.
BACKLOG_S = 6.0


class Session:
    """A source that runs: data streams can be created for it, and recordings made of it.

    Guarantees
    ----------
    Threads: every method may be called from any. Memory: a block of samples, and the backlog: the
    samples, spikes and stims of the last seconds, and the entries of as long, at most 32 MiB of
    each data stream. Nothing of the source is left out of a recording between its start and its
    end; but see `RigRecording` of the last spikes of one that is stopped at a moment.

    Examples
    --------
    >>> import tempfile, longtake.rig as rig
    >>> with rig.open(accelerated=True) as neurons:
    ...     game = neurons.create_data_stream("game", attributes={"score": 0})
    ...     recording = neurons.record(file_location=tempfile.mkdtemp(), stop_after_seconds=1)
    ...     game.append(neurons.timestamp() + 5, {"ball": [0.5, 0.5]})
    ...     game.set_attribute("score", 1)
    ...     _ = recording.wait_until_stopped()
    >>> view = recording.open()
    >>> view.samples.shape, list(view.data_streams.game.values())
    ((25000, 64), [{'ball': [0.5, 0.5]}])
    """

    def __init__(
        self, source: Source, clock: Clock | None = None, backlog_seconds: float = BACKLOG_S
    ) -> None:
        rate = source.frames_per_second
        self._backlog_frames = span.frames_in(backlog_seconds, rate, "backlog_seconds")
        self._backlog = Backlog(self._backlog_frames, source.start)
        self.source = source
        self._clock = RealTime(rate, source.start) if clock is None else clock
        self._position = source.start
        self._turn = threading.Condition()
        self._streams: dict[str, SessionStream] = {}
        self._unjoined: dict[str, SessionStream] = {}  # not in all recordings, for one failed
        self._recordings: list[RigRecording] = []  # whose files are not closed yet
        self._is_closed = False
        self._has_ended = False  # the source
        self._failure: LongtakeError | None = None
        self._reader = threading.Thread(target=self._read, name="longtake-rig", daemon=True)
        self._reader.start()

    def timestamp(self) -> int:
        """Give the time now as a frame's timestamp; no two calls give the same."""
        return self._clock.next_timestamp()

    @property
    def frames_per_second(self) -> int:
        """Steps of the timestamp a second."""
        return self.source.frames_per_second

    def create_data_stream(
        self, name: str, attributes: Mapping[str, object] | None = None
    ) -> SessionStream:
        """Add a stream of entries of any shape, to recordings that go on and those to come.

        Raises
        ------
        AlreadyExists
            If the session has a stream of that name.
        InvalidArgument, WrongType
            If the name or an attribute cannot be stored.
        WriteFailed
            If the disk of a recording is full or broken; to try again is to go on.
        Closed
            If the session is closed.
        """
        require_name(name)
        given = copied(attributes)
        with self._turn:
            self._require_open()
            if name in self._streams:
                raise AlreadyExists(f"the session has a data stream {name!r} already")
            made = SessionStream(name, {}, self._backlog_frames)
            stream = self._unjoined.setdefault(name, made)
            stream.update_attributes(given)
            for recording in self._recordings:
                if not recording.has_stopped():
                    with suppress(Closed):  # it has stopped since
                        stream.join(recording)
            self._streams[name] = self._unjoined.pop(name)
        return stream

    def record(
        self,
        file_suffix: str = "recording",
        file_location: str | os.PathLike[str] = "./",
        *,
        from_seconds_ago: float | None = None,
        from_frames_ago: int | None = None,
        from_timestamp: int | None = None,
        stop_after_seconds: float | None = None,
        stop_after_frames: int | None = None,
        attributes: Mapping[str, object] | None = None,
        include_spikes: bool = True,
        include_stims: bool = True,
        include_raw_samples: bool = True,
        include_data_streams: bool | Collection[str] = True,
        exclude_data_streams: Collection[str] = (),
    ) -> RigRecording:
        """Begin to record; when this returns, the recording has begun.

        Parameters
        ----------
        file_suffix : str
            The end of the file's name, which begins with the time.
        file_location : str or path
            The folder of the file; it is made if it is not there.
        from_seconds_ago, from_frames_ago, from_timestamp : number, optional
            When the recording begins, if not now: what the session remembers from then on comes
            first, also the entries of data streams. It remembers the last 6 s (see
            `backlog_seconds` of `open`); in an accelerated session, time only passes while
            something is recorded.
        stop_after_seconds, stop_after_frames : number, optional
            How long to record from now on; what is from before comes on top.
        attributes : mapping, optional
            Plain values to keep with the recording.
        include_spikes, include_stims, include_raw_samples : bool
            What of the source to record.
        include_data_streams : bool or names
            Which of the session's data streams to record: all, none, or those named.
        exclude_data_streams : names
            Which of them not to record.

        Returns
        -------
        RigRecording

        Raises
        ------
        InvalidArgument, WrongType
            If an argument cannot be used; or if the session does not remember all of the time
            since the beginning that is asked for, or its source has ended. No file is made then.
        NotFound, NoPermission
            If the folder is none, or cannot be made, or takes no file.
        AlreadyExists
            If there is a file of this suffix and millisecond.
        WriteFailed
            If the disk is full or broken.
        Closed
            If the session is closed.
        LongtakeError
            If the source failed.

        Examples
        --------
        >>> import tempfile, longtake.rig as rig
        >>> with rig.open() as neurons:
        ...     game = neurons.create_data_stream("game")
        ...     goal = neurons.timestamp()
        ...     game.append(goal, "a goal, which should have been recorded")
        ...     recording = neurons.record(
        ...         file_location=tempfile.mkdtemp(), from_timestamp=goal, stop_after_frames=250
        ...     )
        ...     _ = recording.wait_until_stopped()
        >>> list(recording.open().data_streams.game.items())
        [(0, 'a goal, which should have been recorded')]
        """
        rate = self.source.frames_per_second
        frames = span.length(rate, stop_after_seconds, stop_after_frames)
        parts = {"samples": include_raw_samples, "spikes": include_spikes, "stims": include_stims}
        chosen = {name for name, wanted in parts.items() if wanted}
        asked = span.Beginning(from_seconds_ago, from_frames_ago, from_timestamp)
        with self._turn:
            self._require_open()
            names = chosen_names(self._streams, include_data_streams, exclude_data_streams)
            streams = [self._streams[name] for name in names]
            start = self._beginning(asked, streams)
            self._require_frames(start)
            end = None if frames is None else max(start, self._position) + frames
            file = rig_file.create(file_location, file_suffix, self.source, start, attributes)
            try:
                recording = RigRecording(file, self.source, start, end, chosen)
            except BaseException:
                file.close()
                raise
            try:
                for stream in streams:
                    stream.join(recording, has_past=not asked.is_now)
                for block in self._backlog.since(start):
                    recording.take(block)
                if self._has_ended:
                    recording.stop()
            except BaseException as error:
                recording.fail(error)
                raise
            self._recordings.append(recording)
            self._turn.notify_all()
        return recording

    def stim(self, channel: int, timestamp: int | None = None) -> int:
        """Stimulate on a channel, at a time or at once; give the timestamp of the pulse.

        Raises
        ------
        InvalidArgument, WrongType
            If the source cannot stimulate, or not there and then.
        Closed
            If the session is closed.
        LongtakeError
            If the source failed.
        """
        self._require_open()
        if not isinstance(self.source, CanStimulate):
            raise InvalidArgument(f"a {type(self.source).__name__} cannot stimulate")
        return self.source.stim(channel, timestamp)

    def close(self) -> None:
        """End the session and its recordings. Closing twice is allowed.

        Raises
        ------
        LongtakeError
            If a recording could not be finished; the others are, and the source is closed.
        """
        self._close(RigRecording.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close(RigRecording.stop if kind is None else RigRecording.abort)

    def _close(self, end: Callable[[RigRecording], None]) -> None:
        with self._turn:
            self._is_closed = True
            self._turn.notify_all()
        self._reader.join()
        with ExitStack() as last:  # all of it, whatever fails
            last.callback(self.source.close)
            for recording in self._recordings:
                last.callback(end, recording)
            for stream in self._streams.values():
                last.callback(stream.stop)

    def _beginning(self, asked: span.Beginning, streams: list[SessionStream]) -> int:
        """Give the timestamp that a recording begins at, if all since then is remembered."""
        if asked.is_now:
            return self._position
        rate = self.source.frames_per_second
        start = asked.timestamp(self._position, rate)
        # Time may be ahead of what was read; a recording can wait for its first frame.
        now = max(self._position, self._clock.next_timestamp())
        span.require_kept(start, now, self._backlog, rate)
        for stream in streams:
            stream.require_kept(start)
        return start

    def _require_frames(self, start: int) -> None:
        if self._has_ended and start >= self._position:
            raise InvalidArgument(
                f"the source ended at {self._position}: there is nothing to record from {start} "
                "on; begin another session"
            )

    def _require_open(self) -> None:
        if self._is_closed:
            raise Closed("the session is closed: begin another")
        if self._failure is not None:
            raise self._failure

    def _read(self) -> None:
        """Read what is due, and give it to the recordings, until the session or source ends."""
        rate = self.source.frames_per_second
        step = max(1, rate // _BLOCKS_PER_SECOND)
        accelerated = isinstance(self._clock, AsFastAsPossible)
        try:
            while not self._has_ended:
                with self._turn:
                    while accelerated and not self._recordings and not self._is_closed:
                        self._turn.wait()
                    if self._is_closed:
                        return
                self._clock.wait_until(self._position + step)
                with self._turn:
                    due = max(step, self._clock.timestamp() - self._position)
                    # At most a second at once, however late this is: memory stays bounded.
                    self._take(min(due, rate))
        except BaseException as error:  # told to all who record, and at the next call
            with self._turn:
                self._fail(error)

    def _take(self, frames: int) -> None:
        block = self.source.read(frames)
        self._position = block.end
        self._backlog.add(block)
        self._has_ended = len(block.samples) < frames
        for recording in self._recordings:
            try:
                recording.take(block)
                if recording.is_over or self._has_ended:
                    recording.stop()
            except BaseException as error:  # told to who waits for it; the others go on
                recording.fail(error)
        self._recordings = [known for known in self._recordings if not known.is_finished]

    def _fail(self, error: BaseException) -> None:
        self._failure = LongtakeError(
            f"the source failed after frame {self._position}: {type(error).__name__}: {error}"
        )
        self._failure.__cause__ = error
        for recording in self._recordings:
            recording.fail(self._failure)
