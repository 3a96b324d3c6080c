"""Find the features of every frame of a movie."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from longtake.errors import InvalidArgument, WrongType
from longtake.frames import open_frames
from longtake.framewise.frame_number import ATTRIBUTE
from longtake.pipeline import default_workers, ordered_map
from longtake.tracking.finding import check_shape, columns
from longtake.tracking.frame_features import find_in_frame, parameters_of
from longtake.tracking.report import RunningLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.frames.gray import Gray


class Output(Protocol):
    """Anything that takes a table a frame: every `FramewiseData` does."""

    def put(self, df: pd.DataFrame) -> None:
        """Store one frame's table."""


Store = TypeVar("Store", bound=Output)


def batch(
    frames: Any,
    diameter: Any,
    output: Store | None = None,
    meta: None = None,
    processes: int | str = "auto",
    after_locate: Callable[[int, pd.DataFrame], pd.DataFrame] | None = None,
    *,
    gray: Gray = None,
    **options: Any,
) -> pd.DataFrame | Store:
    """Find the features of every frame, and keep them in a store or in one table.

    Parameters
    ----------
    frames : str, path, array, reader or iterable
        The movie: whatever `longtake.frames.open_frames` opens.
    diameter : odd int, or one for each axis, pixels
        As `locate` takes it; with three numbers the frames are stacks (Z, H, W).
    output : FramewiseData, optional
        Gets each frame's table, in order, as soon as it is found. Without it all of them are
        returned as one table.
    meta : None
        There because trackpy has it, where it names a file for the parameters. No such file is
        written here: `FramewiseStore` keeps them with the tables, as its `attributes`.
    processes : int or "auto"
        How many frames are worked on at once, in threads. "auto" means one a processor.
    after_locate : callable, optional
        ``after_locate(frame_no, features)`` gives the table to keep, which may be a new one. One
        without rows is kept as that frame's.
    gray : int, "mean" or callable, optional
        What to make of images with channels.
    **options
        Whatever else `locate` takes.

    Returns
    -------
    DataFrame or `output`
        The columns of `locate`, then `frame`.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument cannot be used, or one of the functions gives no DataFrame.
    UnreadableFrame
        If an image cannot be read, or has NaN; the frames before it were put.

    Guarantees
    ----------
    The arguments are in trackpy 0.7's order. Each frame is decoded once. Frames are put in order;
    those in which nothing was found are put as empty tables. Memory: a few frames, besides the
    table that is returned.

    Examples
    --------
    >>> import numpy as np
    >>> quiet_movie = np.zeros((2, 64, 64), dtype="uint8")
    >>> batch(quiet_movie, 9)["frame"].size
    Frame 1: 0 features
    0
    """
    if meta:
        raise InvalidArgument(
            f"meta={meta!r}: longtake writes no file of parameters; leave meta out, and keep them "
            "with the tables: FramewiseStore(path, attributes={'diameter': 9})"
        )
    filter_after = _filter_after(options)
    parameters = parameters_of(diameter, options)
    if output is not None and not hasattr(output, "put"):
        raise WrongType(f"output={output!r} is no store: give one, such as FramewiseStore(path)")
    workers = _workers(processes)
    tables = []
    ndim = parameters.ndim or 2
    with open_frames(frames, gray=gray, ndim=ndim) as movie, RunningLine() as line:
        check_shape(movie.shape, parameters)
        each = partial(find_in_frame, parameters=parameters)
        for frame_no, found in ordered_map(each, movie, workers=workers):
            table = _labelled(pd.DataFrame(found, copy=False), frame_no)
            if filter_after is not None:
                table = _labelled(_checked(filter_after(table), "filter_after"), frame_no)
            if after_locate is not None:
                table = _checked(after_locate(frame_no, table), "after_locate")
                table = _labelled(table, frame_no)
            line.say(f"Frame {frame_no}: {len(table)} features")
            if output is not None:
                output.put(table)
            else:
                tables.append(table)
    return output if output is not None else _joined(tables, columns(ndim, parameters))


def _filter_after(options: dict[str, Any]) -> Callable[[pd.DataFrame], object] | None:
    """Take the filters, which are for tables, out of what `locate` was to be given."""
    if options.pop("filter_before", None) is not None:
        raise InvalidArgument(
            "filter_before is no longer known, to trackpy neither: features are filtered after "
            "they are refined; use minmass and maxsize"
        )
    given = options.pop("filter_after", None)
    if given is None or isinstance(given, bool):
        return None
    if not callable(given):
        raise InvalidArgument(
            f"filter_after must be a function of the table of features, not {given!r}"
        )
    return given


def _workers(processes: int | str) -> int:
    if processes == "auto":
        return default_workers()
    if isinstance(processes, bool) or not isinstance(processes, int):
        raise WrongType(f"processes={processes!r} is neither a number nor 'auto'")
    return processes


def _checked(table: object, giver: str) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise WrongType(f"{giver} must give a DataFrame, not {type(table).__name__}")
    return table


def _labelled(table: pd.DataFrame, frame_no: int) -> pd.DataFrame:
    """Say on the table itself which frame it is: of one without rows, nothing else does."""
    table.attrs[ATTRIBUTE] = frame_no
    return table


def _joined(tables: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)] or tables[:1]
    if not filled:
        empty = dict.fromkeys(names, np.empty(0))
        return pd.DataFrame(empty | {"frame": np.empty(0, np.int64)})
    joined = pd.concat(filled, ignore_index=True)
    joined.attrs.clear()
    return joined
