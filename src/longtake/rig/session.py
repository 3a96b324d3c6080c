"""A session with a source: its clock, its data streams, and recordings of it."""

from __future__ import annotations

import datetime
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from longtake.errors import AlreadyExists, Closed, InvalidArgument
from longtake.rig.clock import AsFastAsPossible, Clock, RealTime
from longtake.rig.rig_recording import RigRecording
from longtake.rig.session_stream import SessionStream
from longtake.rig.source import Source, open_source
from longtake.streams import StreamFile
from longtake.streams.attribute_log import checked
from longtake.streams.stream_groups import require_name

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping

_BLOCKS_PER_SECOND = 100
_FILE_FORMAT = {"version": "longtake", "stim_and_spike_timestamps_relative_to_start": True}


def open_session(
    source: Source | str = "simulated", *, accelerated: bool = False, **options: object
) -> Session:
    """Begin a session: `longtake.rig.open`.

    Parameters
    ----------
    source : Source or str
        A device, or the name that a package offers one by; by default a simulated array.
    accelerated : bool
        Let time pass as fast as the data can be made and stored, while something is recorded;
        by default it passes as it does.
    **options
        Passed on to the source of that name, as ``seed=1`` to the simulated one.

    Returns
    -------
    Session
        Use it in a ``with`` statement.
    """
    device = open_source(source, **options) if isinstance(source, str) else source
    clock = AsFastAsPossible(device.start) if accelerated else None
    return Session(device, clock)


class Session:
    """A source that runs: data streams can be created for it, and recordings made of it.

    Guarantees
    ----------
    Threads: every method may be called from any. Memory: a block of samples. Nothing of the
    source is left out of a recording between its start and its end.

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

    def __init__(self, source: Source, clock: Clock | None = None) -> None:
        self.source = source
        self._clock = RealTime(source.frames_per_second, source.start) if clock is None else clock
        self._position = source.start
        self._turn = threading.Condition()
        self._streams: dict[str, SessionStream] = {}
        self._recordings: list[RigRecording] = []
        self._is_closed = False
        self._failure: BaseException | None = None
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
        """
        require_name(name)
        given = dict(attributes or {})
        checked(given)
        with self._turn:
            self._require_open()
            if name in self._streams:
                raise AlreadyExists(f"the session has a data stream {name!r} already")
            stream = self._streams[name] = SessionStream(name, given)
            for recording in self._recordings:
                stream.join(recording, recording.create_data_stream)
        return stream

    def record(
        self,
        file_suffix: str = "recording",
        file_location: str | os.PathLike[str] = "./",
        *,
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
        stop_after_seconds, stop_after_frames : number, optional
            How long to record, from now.
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
            If an argument cannot be used.
        """
        frames = self._frames(stop_after_seconds, stop_after_frames)
        parts = {"samples": include_raw_samples, "spikes": include_spikes, "stims": include_stims}
        folder = Path(file_location)
        folder.mkdir(parents=True, exist_ok=True)
        with self._turn:
            self._require_open()
            file = StreamFile.create(_named(folder, file_suffix), self._attributes(attributes))
            try:
                end = None if frames is None else self._position + frames
                chosen = {name for name, wanted in parts.items() if wanted}
                recording = RigRecording(file, self.source, self._position, end, chosen)
                for name in self._chosen(include_data_streams, exclude_data_streams):
                    self._streams[name].join(recording, recording.create_data_stream)
            except BaseException:
                file.close()
                raise
            self._recordings.append(recording)
            self._turn.notify_all()
        return recording

    def stim(self, channel: int, timestamp: int | None = None) -> int:
        """Stimulate on a channel, at a time or at once; give the timestamp of the pulse.

        Raises
        ------
        InvalidArgument
            If the source cannot stimulate, or not there and then.
        """
        from longtake.rig.source import CanStimulate

        if not isinstance(self.source, CanStimulate):
            raise InvalidArgument(f"a {type(self.source).__name__} cannot stimulate")
        return self.source.stim(channel, timestamp)

    def close(self) -> None:
        """End the session and its recordings. Closing twice is allowed."""
        with self._turn:
            self._is_closed = True
            self._turn.notify_all()
        self._reader.join()
        for recording in self._recordings:
            recording.stop()
        self.source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attributes(self, attributes: Mapping[str, object] | None) -> dict[str, object]:
        given = dict(attributes or {})
        checked(given)
        rate = self.source.frames_per_second
        return {
            "state": "recording",
            "application": given,
            "hostname": socket.gethostname(),
            "channel_count": self.source.channels,
            "sampling_frequency": rate,
            "frames_per_second": rate,
            "uV_per_sample_unit": self.source.uv_per_sample_unit,
            "start_timestamp": self._position,
            "file_format": _FILE_FORMAT,
        }

    def _frames(self, seconds: float | None, frames: int | None) -> int | None:
        if seconds is not None and frames is not None:
            raise InvalidArgument("stop_after_seconds and stop_after_frames: give one of them")
        if seconds is not None:
            frames = round(seconds * self.source.frames_per_second)
        if frames is not None and frames < 1:
            raise InvalidArgument(f"a recording of {frames} frames: at least one is needed")
        return frames

    def _chosen(
        self,
        include: bool | Collection[str],  # noqa: FBT001  (of `record`, where it has a name)
        exclude: Collection[str],
    ) -> list[str]:
        wanted = set(self._streams) if isinstance(include, bool) else set(include)
        unknown = (wanted | set(exclude)) - set(self._streams)
        if unknown:
            raise InvalidArgument(f"the session has no data stream {sorted(unknown)[0]!r}")
        return [n for n in self._streams if n in wanted and n not in exclude] if include else []

    def _require_open(self) -> None:
        if self._is_closed:
            raise Closed("the session is closed: begin another")
        if self._failure is not None:
            raise InvalidArgument(f"the source failed: {self._failure}") from self._failure

    def _read(self) -> None:
        """Read what is due, and give it to the recordings, until the session ends."""
        step = max(1, self.source.frames_per_second // _BLOCKS_PER_SECOND)
        accelerated = isinstance(self._clock, AsFastAsPossible)
        while True:
            with self._turn:
                while accelerated and not self._recordings and not self._is_closed:
                    self._turn.wait()
                if self._is_closed:
                    return
            self._clock.wait_until(self._position + step)
            try:
                with self._turn:
                    self._take(max(step, self._clock.timestamp() - self._position))
            except BaseException as error:  # told to all who record, and at the next call
                self._end_all(error)
                return

    def _take(self, due: int) -> None:
        # At most a second at once, however late this is: memory stays bounded.
        block = self.source.read(min(due, self.source.frames_per_second))
        self._position = block.end
        for recording in list(self._recordings):
            if recording.has_stopped():
                self._recordings.remove(recording)
                continue
            try:
                recording.take(block)
                if recording.is_over:
                    recording.stop()
            except BaseException as error:  # told to who waits for it; the others go on
                recording.fail(error)
        if len(block.samples) < due and len(block.samples) < self.source.frames_per_second:
            self._end_all(None)

    def _end_all(self, error: BaseException | None) -> None:
        self._failure = error
        for recording in self._recordings:
            if error is None:
                recording.stop()
            else:
                recording.fail(error)


def _named(folder: Path, suffix: str) -> Path:
    if "/" in suffix or "\0" in suffix:
        raise InvalidArgument(f"file_suffix={suffix!r} cannot be a part of a file's name")
    now = datetime.datetime.now().astimezone()
    offset = now.strftime("%z")
    moment = f"{now:%Y-%m-%d_%H-%M-%S}.{now.microsecond // 1000:03d}{offset[:3]}-{offset[3:]}"
    return folder / f"{moment}_{suffix}.h5"
