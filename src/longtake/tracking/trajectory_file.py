"""The file that a tracker writes: features with their particles, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from longtake.errors import UnreadableFrame
from longtake.streams import StreamFile
from longtake.tracking.finding import columns
from longtake.tracking.linking import Linker
from longtake.tracking.made_with import require_same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from longtake.streams import RecordStream
    from longtake.tracking.track_job import TrackJob

FEATURES = "features"
FRAMES = "frames"
FAILED = "failed_frames"
_MESSAGE_BYTES = 240


@dataclass(frozen=True)
class Tracked:
    """What a run of `track` or `follow` did.

    Attributes
    ----------
    path : Path
    frames : int
        Frames in the file, those of earlier runs included.
    features : int
        Features in the file.
    trajectories : int
        Different particles in the file.
    failed : int
        Frames that could not be read, and were skipped.
    resumed_at : int or None
        The first frame of this run, if there were earlier ones.
    """

    path: Path
    frames: int
    features: int
    trajectories: int
    failed: int
    resumed_at: int | None


class TrajectoryFile:
    """Links what is found in each frame, and stores it.

    Three streams, by frame number: ``features``, a row for each; ``frames``, one row a frame, which
    says which number the next new particle will get; ``failed_frames``, what could not be read.

    Parameters
    ----------
    job : TrackJob
    ndim : int
        The number of coordinates of a position.
    given : mapping
        What decides the result, as `made_with` gives it; an earlier run must have had the same.
    about : sequence of str
        Columns of ``frames`` besides: an integer that is known of each frame.

    Attributes
    ----------
    start : int or None
        The number of the frame to go on with; None in a file that has none yet.
    """

    def __init__(
        self, job: TrackJob, ndim: int, given: dict[str, object], about: Sequence[str] = ()
    ) -> None:
        names = [*columns(ndim, job.parameters), "frame", "particle"]
        self._linker = Linker(job.search_range, job.memory, ndim)
        self._positions = names[:ndim]
        self._file = StreamFile.create(job.output) if job.is_new else StreamFile.open(job.output)
        try:
            self._features = self._stream_of_features(names, given)
            self._frames = self._stream_of_frames(about)
            self.start = self._restore(job.memory)
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        """Give how many frames were worked through."""
        return len(self._features)

    def add(
        self,
        frame_no: int,
        found: dict[str, np.ndarray] | UnreadableFrame,
        about: Mapping[str, int] | None = None,
    ) -> int:
        """Store the next frame; give how many features it has."""
        if isinstance(found, UnreadableFrame):
            self._note(frame_no, about)
            self._note_failure(frame_no, found)
            return 0
        points = np.stack([found[name] for name in self._positions], axis=1)
        particle = self._linker.advance(frame_no, points)
        # Before the features, with which the frame is there: stopped between the two, a run is
        # resumed with this frame, and this is put again.
        self._note(frame_no, about)
        self._features.append(frame_no, found | {"particle": particle})
        return len(particle)

    def summary(self) -> Tracked:
        """Say what is in the file now."""
        failed = self._file.record_streams.get(FAILED)
        return Tracked(
            self._file.path,
            len(self._features),
            self._features.rows,
            int(self._linker.next_id),
            0 if failed is None else len(failed),
            self.start,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _stream_of_features(self, names: list[str], given: dict[str, object]) -> RecordStream:
        stream = self._file.record_streams.get(FEATURES)
        if stream is None:
            integers = {"frame", "particle"}
            dtypes = {name: "i8" if name in integers else "f8" for name in names}
            return self._file.create_record_stream(FEATURES, dtypes, given)
        before = stream.application | {"columns": list(stream.dtypes)}
        require_same(self._file.path, before, given | {"columns": names})
        return stream

    def _stream_of_frames(self, about: Sequence[str]) -> RecordStream:
        stream = self._file.record_streams.get(FRAMES)
        if stream is None:
            dtypes = dict.fromkeys(["frame", *about, "next_particle"], "i8")
            return self._file.create_record_stream(FRAMES, dtypes)
        return stream

    def _restore(self, memory: int) -> int | None:
        """Bring the linker to where the file ends; give the next frame's number."""
        failed = self._file.record_streams.get(FAILED)
        ends = [stream.last_key for stream in (self._features, failed) if stream is not None]
        last = max((end for end in ends if end is not None), default=None)
        if last is None:
            return None
        history = []
        for key in self._features.keys()[-(memory + 1) :].tolist():
            value = self._features[key]
            points = np.stack([value[name] for name in self._positions], axis=1)
            history.append((key, points, value["particle"]))
        self._linker.restore(history, int(self._frames[last]["next_particle"][0]))
        return last + 1

    def _note(self, frame_no: int, about: Mapping[str, int] | None) -> None:
        row = {"frame": frame_no, "next_particle": self._linker.next_id} | dict(about or {})
        self._frames.put(frame_no, {name: np.array([v], "i8") for name, v in row.items()})

    def _note_failure(self, frame_no: int, error: UnreadableFrame) -> None:
        stream = self._file.record_streams.get(FAILED)
        if stream is None:
            stream = self._file.create_record_stream(FAILED, {"message": f"S{_MESSAGE_BYTES}"})
        text = str(error).encode(errors="backslashreplace")
        message = text[:_MESSAGE_BYTES].decode(errors="ignore").encode()
        stream.append(frame_no, {"message": np.array([message], f"S{_MESSAGE_BYTES}")})
