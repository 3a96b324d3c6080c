"""What a device has to offer to be a rig's source, and how one is found by name.

A package offers its device by an entry point; its name is what users say, and what it names is
called with the options that users give::

    [project.entry-points."longtake.sources"]
    my-array = "my_package.device:MyArray"
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from longtake.rig.block import Block

GROUP = "longtake.sources"

# Ours are found as everybody's, but need no installed metadata.
_OURS = (EntryPoint("simulated", "longtake.rig.simulated_array:SimulatedArray", GROUP),)


@runtime_checkable
class Source(Protocol):
    """Where samples, spikes and stims come from, in blocks that follow each other without a gap.

    A source knows nothing of pace. Whoever reads asks for as many frames as a `Clock` says are
    due; a device whose frames are not there yet lets `read` wait for them. `read` is called by
    one thread, which need not be the one that made the source.
    """

    @property
    def channels(self) -> int:
        """How many channels there are, at most 256."""
        ...

    @property
    def frames_per_second(self) -> int:
        """Frames a second; one frame is one sample of each channel, and one step of time."""
        ...

    @property
    def uv_per_sample_unit(self) -> float:
        """What one unit of a sample is, in µV."""
        ...

    @property
    def start(self) -> int:
        """Timestamp of the first frame of all."""
        ...

    def read(self, frames: int) -> Block:
        """Give the next frames, at least 1; if there are fewer, the source has ended."""
        ...

    def close(self) -> None:
        """Let the device go. Closing twice is allowed."""
        ...


@runtime_checkable
class CanStimulate(Protocol):
    """What a source that can stimulate offers besides."""

    def stim(self, channel: int, timestamp: int | None = None) -> int:
        """Stimulate on a channel at a time, or at once; give the timestamp of the pulse.

        May be called from any thread, also during a `read`.
        """
        ...


def open_source(name: str, /, **options: object) -> Source:
    """Open the source of that name: `"simulated"`, or one that an installed package offers.

    Parameters
    ----------
    name
        Name of an entry point of the group `longtake.sources`.
    options
        Passed on to the source.

    Raises
    ------
    InvalidArgument
        If no package, or more than one, offers a source of that name, or it cannot be imported.
    WrongType
        If what the package offers is no `Source`.

    Examples
    --------
    >>> source = open_source("simulated", seed=1)
    >>> source.channels, source.frames_per_second
    (64, 25000)
    """
    point = _entry_point(name)
    try:
        make = point.load()
    except (ImportError, AttributeError) as error:
        raise InvalidArgument(
            f"the source {name!r} is said to be {point.value}, which cannot be imported: {error}"
        ) from error
    source = make(**options)
    if not isinstance(source, Source):
        raise WrongType(
            f"{point.value} gave a {type(source).__name__}, which is no source: it needs all "
            "that longtake.rig.source.Source names"
        )
    return source


def source_names() -> list[str]:
    """Give the names that `open_source` takes.

    Examples
    --------
    >>> "simulated" in source_names()
    True
    """
    return sorted({point.name for point in _all_entry_points()})


def _entry_point(name: str) -> EntryPoint:
    # The same entry point can be seen twice, when a package is on the path twice.
    found = {point.value: point for point in _all_entry_points() if point.name == name}
    if not found:
        raise InvalidArgument(
            f"there is no source {name!r}, only {', '.join(map(repr, source_names()))}; a package "
            f"offers one by an entry point of the group {GROUP!r}"
        )
    if len(found) > 1:
        raise InvalidArgument(
            f"the source {name!r} is offered more than once: {', '.join(sorted(found))}; "
            "uninstall one of them, or make the source yourself and pass it"
        )
    return next(iter(found.values()))


def _all_entry_points() -> list[EntryPoint]:
    return [*_OURS, *entry_points(group=GROUP)]
