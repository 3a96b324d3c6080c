"""The whole job: from a movie to every particle's trajectory, in one file."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from longtake.frames import open_frames
from longtake.pipeline import Progress, ProgressMeter, ordered_map
from longtake.tracking.finding import check_shape
from longtake.tracking.made_with import made_with
from longtake.tracking.track_job import OnError, TrackJob
from longtake.tracking.trajectory_file import Tracked, TrajectoryFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from longtake.frames import Frame, Frames
    from longtake.frames.gray import Gray


def track(
    frames: Any,
    diameter: Any,
    search_range: float | Sequence[float],
    output: str | os.PathLike[str],
    *,
    memory: int = 0,
    gray: Gray = None,
    on_error: OnError = "raise",
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
    with open_frames(frames, gray=gray, ndim=job.ndim, on_error=on_error) as movie:
        check_shape(movie.shape, job.parameters)
        given = made_with(job.parameters, search_range, job.memory, gray, movie)
        fresh = _looked_at(movie, job) if job.is_new else iter(movie)
        with TrajectoryFile(job, job.ndim, given) as file:
            rest = movie if file.start is None else movie.starting_at(file.start)
            images = fresh if file.start is None else iter(rest)
            meter = _meter(progress, rest.length, len(file))
            for frame_no, found in ordered_map(job.find, images, workers=job.workers):
                meter.count(file.add(frame_no, found))
            return file.summary()


def _meter(
    progress: Callable[[Progress], None] | None, left: int | None, done: int
) -> ProgressMeter:
    total = None if left is None else left + done
    return ProgressMeter(progress or (lambda _: None), total=total, done=done)


def _looked_at(movie: Frames, job: TrackJob) -> Iterator[Frame]:
    """Give a movie's frames; refuse a first one in which nothing can be sought."""
    frames = iter(movie)
    first = next(frames, None)
    return frames if first is None else chain([job.looked_at(first)], frames)
