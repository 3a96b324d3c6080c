"""Link tables of features: a column `particle` says which trajectory each row belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from longtake.errors import InvalidArgument, WrongType
from longtake.framewise.frame_number import frame_number_of
from longtake.tracking.linking.growing_store import (
    PARTICLE,
    GrowingStore,
    parameters_of,
    require_store,
)
from longtake.tracking.linking.linker import Linker
from longtake.tracking.report import RunningLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from longtake.tracking.linking.parameters import LinkOptions


def link(
    f: pd.DataFrame,
    search_range: float | Sequence[float],
    pos_columns: Sequence[str] | None = None,
    t_column: str = "frame",
    **options: Unpack[LinkOptions],
) -> pd.DataFrame:
    """Link one table of features into trajectories.

    Parameters
    ----------
    f : DataFrame
        A row for each feature, with its position and the number of its frame.
    search_range : float, or one float for each position column
        The furthest a particle moves from one frame to the next.
    pos_columns : list of str, optional
        By default ``['y', 'x']``, or ``['z', 'y', 'x']`` if there is a column ``z``.
    t_column : str
        The column of frame numbers: whole numbers. Those left out count as frames without any
        particle.
    **options
        `memory`, `adaptive_stop`, `adaptive_step`, `neighbor_strategy`, `link_strategy`,
        `to_eucl`: see `Linker`.

    Returns
    -------
    DataFrame
        A copy, sorted by frame, with the int64 column ``particle``. Rows of one frame keep their
        order, and all rows their index labels.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument, a frame number or a position cannot be used.

    Examples
    --------
    >>> features = pd.DataFrame({"frame": [0, 0, 1, 1], "y": [0, 9, 8, 0], "x": [0, 9, 9, 1]})
    >>> link(features, search_range=2)
       frame  y  x  particle
    0      0  0  0         0
    1      0  9  9         1
    2      1  8  9         1
    3      1  0  1         0
    """
    if not isinstance(f, pd.DataFrame):
        raise WrongType(f"link() takes a DataFrame, not {type(f).__name__}")
    linker = _linker(search_range, pos_columns or (_guess(f) if len(f) else None), options)
    if not len(f):
        return f.assign(**{PARTICLE: np.zeros(0, np.int64)})
    pos_columns = _position_columns(f, pos_columns, t_column)
    frame_nos = _frame_numbers(f, t_column)
    order = np.argsort(frame_nos, kind="stable")
    linked = f.iloc[order].copy()
    frame_nos = frame_nos[order]
    if not pd.api.types.is_integer_dtype(linked[t_column].dtype):
        linked[t_column] = frame_nos
    positions = linked[pos_columns].to_numpy(np.float64)
    _check_finite(linked, positions, frame_nos)

    present, starts = np.unique(frame_nos, return_index=True)
    ends = np.append(starts[1:], len(linked))
    particles = np.empty(len(linked), np.int64)
    for frame_no, start, end in zip(present.tolist(), starts, ends, strict=True):
        particles[start:end] = linker.advance(frame_no, positions[start:end])
    linked[PARTICLE] = particles
    return linked


link_df = link


def link_df_iter(
    f_iter: Iterable[pd.DataFrame],
    search_range: float | Sequence[float],
    pos_columns: Sequence[str] | None = None,
    t_column: str = "frame",
    *,
    resume: bool = False,
    **options: Unpack[LinkOptions],
) -> Iterator[pd.DataFrame]:
    """Link tables of features, one frame each, into trajectories.

    Parameters
    ----------
    f_iter : iterable of DataFrame, or a store
        The features of each frame, in ascending order of frames. Frame numbers left out count as
        frames without any particle, as empty tables do.
    search_range, pos_columns, t_column, **options
        As for `link`. The position columns are guessed from the first table that has rows.
    resume : bool
        Go on in a store whose linked tables are put back: give only the frames that came since,
        with the numbers that one run over all of them would have given.

    Yields
    ------
    DataFrame
        A copy of each table with the int64 column ``particle``; empty ones stay empty.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument, a frame number or a position cannot be used; to resume, if it is not a store
        that is open to write, or was linked with other parameters.

    Notes
    -----
    One table at a time is taken, and given before the next is taken: the store that is read may
    be written in the same loop, and memory does not grow with the number of frames. Where frames
    are missing, trackpy's `link_df_iter` links straight across; this one does as `link` does.

    To resume, the frames that have a column ``particle`` are taken as linked, up to the last one.
    The store keeps the parameters in its attribute ``linked`` (one of a class that keeps none
    cannot know them, and all its numbers are read); runs without `resume` do not change it.

    Examples
    --------
    >>> frames = [pd.DataFrame({"frame": [i], "y": [5.0], "x": [i / 2]}) for i in range(3)]
    >>> for table in link_df_iter(frames, search_range=1):
    ...     print(table["particle"].tolist())
    [0]
    [0]
    [0]
    Frame 2: 1 trajectories present

    A store that grows, here by three frames at a time:

    >>> import tempfile, os
    >>> from longtake.framewise import FramewiseStore
    >>> from longtake.tracking import quiet
    >>> quiet()
    >>> with FramewiseStore(os.path.join(tempfile.mkdtemp(), "tracks.h5")) as store:
    ...     for first in (0, 3):
    ...         for i in range(first, first + 3):
    ...             store.put(pd.DataFrame({"frame": [i], "y": [5.0], "x": [i / 2]}))
    ...         for table in link_df_iter(store, search_range=1, resume=True):
    ...             store.put(table)
    ...             print(table["frame"][0], table["particle"][0])
    0 0
    1 0
    2 0
    3 0
    4 0
    5 0
    >>> quiet(False)
    """
    _linker(search_range, pos_columns, options)  # answers a bad option before the first frame
    if resume:
        return _resumed(f_iter, search_range, pos_columns, t_column, options)

    def begin(columns: Sequence[str]) -> Linker:
        return _linker(search_range, columns, options)

    return _linked_tables(f_iter, begin, pos_columns, t_column)


def _linked_tables(f_iter, begin, pos_columns, t_column) -> Iterator[pd.DataFrame]:
    linker = None
    with RunningLine() as line:
        for table in f_iter:
            if not isinstance(table, pd.DataFrame):
                raise WrongType(f"link_df_iter() takes DataFrames, not {type(table).__name__}")
            linked = table.copy()
            if len(table):
                pos_columns = _position_columns(table, pos_columns, t_column)
                linker = begin(pos_columns) if linker is None else linker
                positions = table[pos_columns].to_numpy(np.float64)
                frame_no = frame_number_of(table, t_column)
                linked[PARTICLE] = linker.advance(frame_no, positions)
                line.say(f"Frame {frame_no}: {len(table)} trajectories present")
            else:
                # A frame without features is the same to a linker as a frame left out.
                linked[PARTICLE] = np.zeros(0, np.int64)
            yield linked


def _resumed(store, search_range, pos_columns, t_column, options) -> Iterator[pd.DataFrame]:
    require_store(store)
    known = next((table for table in store if len(table)), pd.DataFrame())
    pos_columns = _position_columns(known, pos_columns, t_column) if len(known) else pos_columns
    growing = GrowingStore(store, parameters_of(search_range, pos_columns, t_column, options))
    linker = _linker(search_range, pos_columns, options)
    growing.restore(linker, pos_columns or ())
    tables = _linked_tables(growing.new_tables(), lambda _: linker, pos_columns, t_column)
    return growing.noted(tables, linker)


def _linker(search_range, pos_columns: Sequence[str] | None, options: LinkOptions) -> Linker:
    ndim = np.size(search_range) if pos_columns is None else len(pos_columns)
    return Linker(search_range, ndim=ndim, **options)


def _guess(f: pd.DataFrame) -> list[str]:
    return ["z", "y", "x"] if "z" in f.columns else ["y", "x"]


def _position_columns(
    f: pd.DataFrame, pos_columns: Sequence[str] | None, t_column: str
) -> list[str]:
    names = _guess(f) if pos_columns is None else list(pos_columns)
    missing = [name for name in (*names, t_column) if name not in f.columns]
    if missing:
        raise InvalidArgument(
            f"the table has no column {', '.join(map(repr, missing))} (its columns: "
            f"{', '.join(map(str, f.columns))}); name yours with pos_columns= and t_column="
        )
    return names


def _frame_numbers(f: pd.DataFrame, t_column: str) -> np.ndarray:
    try:
        values = f[t_column].to_numpy(np.float64)
    except (TypeError, ValueError):
        raise WrongType(f"the column {t_column!r} does not hold frame numbers") from None
    whole = np.isfinite(values) & (np.floor(values) == values)
    if not whole.all():
        row = int(np.argmin(whole))
        raise InvalidArgument(
            f"row {f.index[row]!r}: a frame number is a whole number, not {values[row]}"
        )
    return f[t_column].to_numpy().astype(np.int64)


def _check_finite(f: pd.DataFrame, positions: np.ndarray, frame_nos: np.ndarray) -> None:
    """Answer a bad position before the first frame is linked, by the label of its row."""
    finite = np.isfinite(positions).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise InvalidArgument(
            f"frame {frame_nos[row]}, row {f.index[row]!r}: the position "
            f"{positions[row].tolist()} is not finite; leave such rows out before linking"
        )
