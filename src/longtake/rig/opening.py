"""Beginning a session with a source, given by its name or as it is."""

from __future__ import annotations

from longtake.errors import InvalidArgument, WrongType
from longtake.rig.clock import AsFastAsPossible
from longtake.rig.session import BACKLOG_S, Session
from longtake.rig.source import Source, open_source


def open_session(
    source: Source | str = "simulated",
    *,
    accelerated: bool = False,
    backlog_seconds: float = BACKLOG_S,
    **options: object,
) -> Session:
    """Begin a session: `longtake.rig.open`.

    Parameters
    ----------
    source : Source or str
        A device, or the name that a package offers one by; by default a simulated array.
    accelerated : bool
        Let time pass as fast as the data can be made and stored, while something is recorded;
        by default it passes as it does.
    backlog_seconds : float
        How much of the latest past is kept in memory, so that a recording can begin in it. Of
        64 channels at 25 kHz a second takes 3.2 MB.
    **options
        Passed on to the source of that name, as ``seed=1`` to the simulated one.

    Returns
    -------
    Session
        Use it in a ``with`` statement: an error in it leaves its recordings as aborted.

    Raises
    ------
    InvalidArgument, WrongType
        If there is no such source, or it is none, or an argument cannot be used.
    Exception
        What a source that a package offers raises, if it cannot be opened.

    Examples
    --------
    >>> import tempfile, longtake.rig as rig
    >>> with rig.open("simulated", accelerated=True, seed=7, channels=8) as neurons:
    ...     recording = neurons.record(file_location=tempfile.mkdtemp(), stop_after_seconds=2)
    ...     _ = recording.wait_until_stopped()
    >>> with recording.open() as view:
    ...     view.samples.shape
    (50000, 8)
    """
    if not isinstance(source, str):
        if options:
            raise InvalidArgument(
                f"{', '.join(options)}: options are for a source that is given by its name"
            )
        return _session(source, accelerated, backlog_seconds)
    device = open_source(source, **options)
    try:
        return _session(device, accelerated, backlog_seconds)
    except BaseException:
        device.close()
        raise


def _session(device: Source, accelerated: bool, backlog_seconds: float) -> Session:  # noqa: FBT001
    if isinstance(device, type) or not isinstance(device, Source):
        raise WrongType(f"a source is a name, or what longtake.rig.Source says, not {device!r}")
    clock = AsFastAsPossible(device.start) if accelerated else None
    return Session(device, clock, backlog_seconds)
