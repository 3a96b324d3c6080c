"""The whole job on a movie that goes on: every frame's particles, as soon as it is recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument
from longtake.frames import Frame
from longtake.pipeline import Progress, ProgressMeter
from longtake.tracking.finding import check_shape
from longtake.tracking.linking import Linker
from longtake.tracking.live_frames import LiveFrames
from longtake.tracking.made_with import made_with
from longtake.tracking.track_job import OnError, TrackJob
from longtake.tracking.trajectory_file import Tracked, TrajectoryFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from longtake.frames.gray import Gray
    from longtake.streams import FrameStreamView

#: So many frames for each thread are taken at a time, when there are so many.
_A_THREAD = 4


def follow(
    stream: FrameStreamView,
    diameter: Any,
    search_range: float | Sequence[float],
    output: str | os.PathLike[str],
    *,
    memory: int = 0,
    gray: Gray = None,
    on_error: OnError = "raise",
    resume: bool = False,
    timeout: float | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Tracked:
    """Track a recording while it is made: find, link and store each frame as it arrives.

    Parameters
    ----------
    stream : FrameStreamView
        The frames, as ``longtake.open("run.h5").frame_streams.camera``: of a recording that goes
        on, or is finished.
    diameter, search_range, memory, gray, resume, **options
        As of `track`.
    output : path
        The file to make, not the recording itself. ``FramewiseStore(output, mode="r")`` reads it,
        also meanwhile, and its streams can be followed in turn.
    on_error : {"raise", "skip"}
        What to do about a frame that is damaged or has NaN: stop there, or note it in the stream
        ``failed_frames`` and go on as if nothing had been seen in it.
    timeout : float, optional
        For how many seconds nothing may come; by default for ever.
    workers : int, optional
        How many frames are worked on at once, in threads, when there are several to do; by default
        one a processor.
    progress : callable, optional
        Gets a `longtake.pipeline.Progress` after each frame, and twice a second while nothing
        comes: ``total`` is how many frames were recorded so far, ``lag`` how long the last one took
        from when it was there. What it raises ends the run.

    Returns
    -------
    Tracked
        When the recording was finished, and all of it is tracked.

    Raises
    ------
    WriterDied
        If the recorder ended without finishing; all that it recorded is tracked.
    NothingCame
        If nothing came within the timeout; resume to go on waiting.
    AlreadyExists, InvalidArgument, UnreadableFrame, NotFound, NoPermission, WriteFailed
        As of `track`; also if the recording is not the one that the output was made from, or was
        finished without a frame.

    Guarantees
    ----------
    A frame is stored, and can be read by others, before the next one is waited for. Every frame is
    tracked once, in the order they were recorded. A frame that was stored stays, whatever happens
    to this process; a run that was stopped at any moment, by ``kill -9`` too, and resumed, stores
    exactly what one run would have. Memory: four frames for each worker, and a block of 64 MB when
    it is behind.

    Notes
    -----
    Frames are numbered 0, 1, 2, … as they come in the stream. The stream ``frames`` of the output
    has the ``timestamp`` of each, which is its key in the recording:
    ``FramewiseStore(output, "frames", mode="r").dump()`` gives them as a table, to merge by
    ``frame``.

    Examples
    --------
    >>> import longtake as lt, numpy as np, tempfile, os
    >>> folder = tempfile.mkdtemp()
    >>> with lt.record(os.path.join(folder, "run.h5")) as recording:
    ...     camera = recording.create_frame_stream("camera", (64, 64), "uint8")
    ...     for t in (1000, 1010, 1020):
    ...         image = np.zeros((64, 64), "uint8")
    ...         image[30:33, 40:43] = 200
    ...         camera.append(t, image)
    >>> with lt.open(os.path.join(folder, "run.h5")) as run:
    ...     follow(run.frame_streams.camera, 9, 5, os.path.join(folder, "tracks.h5")).trajectories
    1
    >>> with lt.FramewiseStore(os.path.join(folder, "tracks.h5"), "frames", mode="r") as frames:
    ...     frames.dump()["timestamp"].tolist()
    [1000, 1010, 1020]
    """
    job = TrackJob.of(
        diameter,
        search_range,
        output,
        memory=memory,
        on_error=on_error,
        resume=resume,
        workers=workers,
        options=options,
    )
    meter = ProgressMeter(progress or (lambda _: None))
    live = LiveFrames(stream, gray, job.ndim, timeout, meter.tell)
    check_shape(live.shape, job.parameters)
    _require_another_file(stream, job)
    _get_ready(job, live)
    first = live.first()
    if job.is_new:
        job.looked_at(first)
    given = made_with(job.parameters, search_range, job.memory, gray, live)
    with TrajectoryFile(job, job.ndim, given, ["timestamp"]) as file:
        meter.begin(len(file))
        _track(job, live, file, meter)
        return file.summary()


def _track(job: TrackJob, live: LiveFrames, file: TrajectoryFile, meter: ProgressMeter) -> None:
    with ThreadPoolExecutor(job.workers, "longtake") as pool:
        for batch in live.batches(file.start or 0, most=_A_THREAD * job.workers):
            results = pool.map(job.find, [frame for frame, _, _ in batch])
            for (_, key, since), (number, found) in zip(batch, results, strict=True):
                features = file.add(number, found, {"timestamp": key})
                left = batch[-1].frame.number - number + live.behind
                meter.count(features, total=number + 1 + left, lag=monotonic() - since)


def _require_another_file(stream: FrameStreamView, job: TrackJob) -> None:
    """Refuse to write to the recording itself: it would never end."""
    if not job.is_new and stream.file is not None and job.output.samefile(stream.file.path):
        raise InvalidArgument(
            f"{job.output} is the recording that is tracked: choose another name for the output"
        )


def _get_ready(job: TrackJob, live: LiveFrames) -> None:
    """Load or compile what the first frame needs, which is not there yet."""
    blank = np.zeros(live.shape, live.dtype)
    job.find(Frame(0, "blank", lambda: blank))
    Linker(job.search_range, job.memory, job.ndim).advance(0, np.zeros((0, job.ndim)))
