"""The whole job: from a movie to every particle's trajectory, in one file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from longtake.errors import AlreadyExists, InvalidArgument, UnreadableFrame
from longtake.frames import open_frames
from longtake.pipeline import Progress, ProgressMeter, ordered_map, worker_count
from longtake.streams import StreamFile
from longtake.tracking.finding import Parameters, check_shape, columns
from longtake.tracking.finding.pixels import as_pixels
from longtake.tracking.finding.scratch import Scratch
from longtake.tracking.frame_features import find_in_frame, parameters_of
from longtake.tracking.linking import Linker
from longtake.tracking.made_with import made_with, require_same
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from longtake.frames import Frame, Frames
    from longtake.frames.gray import Gray
    from longtake.streams import RecordStream

FEATURES = "features"
FAILED = "failed_frames"
_MESSAGE_BYTES = 240


@dataclass(frozen=True)
class Tracked:
    """What a run of `track` did.

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


def track(
    frames: Any,
    diameter: Any,
    search_range: float | Sequence[float],
    output: str | os.PathLike[str],
    *,
    memory: int = 0,
    gray: Gray = None,
    on_error: Literal["raise", "skip"] = "raise",
    resume: bool = False,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Tracked:
    """Find the particles in every frame, link them, and store the trajectories frame by frame.

    Parameters
    ----------
    frames : str, path, array, reader or iterable
        The movie: whatever `longtake.frames.open_frames` opens.
    diameter, **options
        As `locate` takes them.
    search_range : float or one for each axis, pixels
        How far a particle can move from one frame to the next.
    output : path
        The file to make. `FramewiseStore(output)` reads it.
    memory : int
        For how many frames a particle may be out of sight and keep its number.
    gray : int, "mean" or callable, optional
        What to make of images with channels.
    on_error : {"raise", "skip"}
        What to do about an image that cannot be read: stop there, or note it in the stream
        ``failed_frames`` and go on as if nothing had been seen in it.
    resume : bool
        Continue the file where an earlier run with the same parameters stopped.
    workers : int, optional
        How many frames are worked on at once, in threads; by default one a processor.
    progress : callable, optional
        Gets a `longtake.pipeline.Progress` after each frame.

    Returns
    -------
    Tracked

    Raises
    ------
    AlreadyExists
        The file exists and `resume` was not asked for; it is left as it is.
    InvalidArgument
        An argument cannot be used, or is not the one that an earlier run was made with.
    UnreadableFrame
        An image cannot be read, or has NaN; the frames before it are stored. If it is the first
        one, no file is made.
    NotFound, NoPermission, WriteFailed
        The file cannot be made there.

    Guarantees
    ----------
    A frame that was stored stays, whatever happens to this process. A run that was stopped and
    resumed, however often, stores exactly what one run would have. Memory: a few frames.

    Examples
    --------
    >>> import numpy as np, tempfile, os
    >>> movie = np.zeros((3, 64, 64), dtype="uint8")
    >>> movie[:, 30:33, 40:43] = 200
    >>> out = os.path.join(tempfile.mkdtemp(), "tracks.h5")
    >>> track(movie, 9, 5, out).trajectories
    1
    """
    parameters = parameters_of(diameter, options)
    ndim = parameters.ndim or 2
    memory = whole_number(memory, "memory", least=0)
    linker = Linker(search_range, memory, ndim)
    if on_error not in {"raise", "skip"}:
        raise InvalidArgument(f'on_error={on_error!r}: it is "raise" or "skip"')
    threads = worker_count(workers)
    path = Path(output)
    # pathlib's own raises where there can be no such name; making the file will say why not.
    is_new = not os.path.exists(path)  # noqa: PTH110
    if not is_new and not resume:
        raise AlreadyExists(
            f"{path} exists: choose another name, remove it, or resume it (resume=True, --resume)"
        )
    with open_frames(frames, gray=gray, ndim=ndim, on_error=on_error) as movie:
        check_shape(movie.shape, parameters)
        given = made_with(parameters, search_range, memory, gray, movie)
        fresh = _looked_at(movie, parameters) if is_new and on_error == "raise" else iter(movie)
        with StreamFile.create(path) if is_new else StreamFile.open(path) as file:
            names = [*columns(ndim, parameters), "frame", "particle"]
            stream = _stream(file, names, given)
            job = _Job(file, stream, linker, names[:ndim])
            start = job.restore(memory)
            rest = movie if start is None else movie.starting_at(start)
            images = fresh if start is None else iter(rest)
            job.run(images, rest.length, parameters, on_error, threads, progress)
            return job.summary(start)


class _Job:
    """Links what is found in each frame, and stores it."""

    def __init__(
        self, file: StreamFile, stream: RecordStream, linker: Linker, positions: list[str]
    ) -> None:
        self._file = file
        self._stream = stream
        self._linker = linker
        self._positions = positions

    def restore(self, memory: int) -> int | None:
        """Bring the linker to where the file ends; give the next frame's number."""
        failed = self._file.record_streams.get(FAILED)
        ends = [stream.last_key for stream in (self._stream, failed) if stream is not None]
        last = max((end for end in ends if end is not None), default=None)
        if last is None:
            return None
        history = []
        for key in self._stream.keys()[-(memory + 1) :].tolist():
            value = self._stream[key]
            history.append((key, self._points(value), value["particle"]))
        highest = max((int(block.max()) for block in self._stream.blocks("particle")), default=-1)
        self._linker.restore(history, highest + 1)
        return last + 1

    def run(
        self,
        images: Iterator[Frame],
        length: int | None,
        parameters: Parameters,
        on_error: str,
        workers: int,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        """Work through so many images, None where only their end can tell."""
        work = find_in_frame if on_error == "raise" else _find_or_fail
        done = len(self._stream)
        total = None if length is None else length + done
        meter = ProgressMeter(progress or (lambda _: None), total=total, done=done)
        each = partial(work, parameters=parameters)
        for frame_no, found in ordered_map(each, images, workers=workers):
            if isinstance(found, UnreadableFrame):
                self._note_failure(frame_no, found)
                meter.count()
                continue
            particle = self._linker.advance(frame_no, self._points(found))
            self._stream.append(frame_no, found | {"particle": particle})
            meter.count(len(particle))

    def summary(self, start: int | None) -> Tracked:
        """Say what is in the file now."""
        failed = self._file.record_streams.get(FAILED)
        return Tracked(
            self._file.path,
            len(self._stream),
            self._stream.rows,
            int(self._linker.next_id),
            0 if failed is None else len(failed),
            start,
        )

    def _points(self, found: dict[str, np.ndarray]) -> np.ndarray:
        return np.stack([found[name] for name in self._positions], axis=1)

    def _note_failure(self, frame_no: int, error: UnreadableFrame) -> None:
        stream = self._file.record_streams.get(FAILED)
        if stream is None:
            stream = self._file.create_record_stream(FAILED, {"message": f"S{_MESSAGE_BYTES}"})
        text = str(error).encode(errors="backslashreplace")
        message = text[:_MESSAGE_BYTES].decode(errors="ignore").encode()
        stream.append(frame_no, {"message": np.array([message], f"S{_MESSAGE_BYTES}")})


def _find_or_fail(
    frame: Frame, parameters: Parameters
) -> tuple[int, dict[str, np.ndarray] | UnreadableFrame]:
    try:
        return find_in_frame(frame, parameters)
    except UnreadableFrame as error:
        return frame.number, error


def _looked_at(movie: Frames, parameters: Parameters) -> Iterator[Frame]:
    """Give a movie's frames; refuse a first one in which nothing can be sought, such as NaN.

    It is decoded by now, and this is the time to say so: nothing was made yet.
    """
    frames = iter(movie)
    first = next(frames, None)
    if first is None:
        return frames
    image = first.read()
    try:
        as_pixels(image, parameters, Scratch())
    except InvalidArgument as error:
        raise UnreadableFrame(f"{first}: {error}") from error
    return chain([replace(first, decode=lambda: image, prepare=None)], frames)


def _stream(file: StreamFile, names: list[str], given: dict[str, object]) -> RecordStream:
    """Give the stream of features; an earlier run must have had the same parameters."""
    stream = file.record_streams.get(FEATURES)
    if stream is None:
        integers = {"frame", "particle"}
        dtypes = {name: "i8" if name in integers else "f8" for name in names}
        return file.create_record_stream(FEATURES, dtypes, given)
    before = stream.application | {"columns": list(stream.dtypes)}
    require_same(file.path, before, given | {"columns": names})
    return stream
