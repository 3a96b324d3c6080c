"""The verb: follow a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.follow.recording_follower import RecordingFollower

if TYPE_CHECKING:
    import os

    from longtake.streams.cursor import Start


def follow(
    path: str | os.PathLike[str],
    *streams: str,
    start: Start = None,
    timeout: float | None = None,
    wait: float | None = None,
    poll: float | None = None,
) -> RecordingFollower:
    """Give every entry of a recording as it is written, until the writer has finished.

    Parameters
    ----------
    path : str or path
        A recording: being written, finished, or left by a crash.
    *streams : str
        Those to follow, as ``camera``, or ``frame_stream/camera`` where two kinds share the name;
        by default all. A stream that is not there yet is followed when it is.
    start : int, "now" or None
        The first entries: those with this key, or the first ones after it; what is written from
        now on; by default the first of each stream.
    timeout : float, seconds, optional
        How long to wait for the next entry; by default for ever. The time begins anew with every
        entry.
    wait : float, seconds, optional
        How long to wait for the file, where there is none; by default not at all.
    poll : float, seconds, optional
        How often to look; by default ever less often while nothing comes, after 0.2 ms to 10 ms.

    Returns
    -------
    RecordingFollower
        An iterator of `Entry`: the stream's name, the key, the value. To be closed, or used in a
        ``with``.

    Raises
    ------
    NotFound
        If there is no such file, or not within `wait` seconds.
    NotALongtakeFile
        If it is no recording. For SWMR files of others: `DataSource`.
    InvalidArgument, WrongType
        If an argument cannot be used.

    While iterating: `WriterDied`, `NothingCame`, as `RecordingFollower` says.

    Examples
    --------
    >>> import longtake as lt, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     camera = recording.create_frame_stream("camera", (2, 2), "u1")
    ...     game = recording.create_data_stream("game")
    ...     for t in range(3):
    ...         camera.append(2 * t, np.full((2, 2), t, "u1"))
    ...         game.append(2 * t + 1, {"score": t})
    >>> with lt.follow(path) as follower:
    ...     [(entry.stream, entry.key) for entry in follower]
    [('camera', 0), ('game', 1), ('camera', 2), ('game', 3), ('camera', 4), ('game', 5)]
    """
    return RecordingFollower(path, streams, start, timeout=timeout, wait=wait, poll=poll)
