"""The times of an array's rows: those given, or those in the index of a stream of frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.missing import NodeNotFound
from longtake.tree.tables.table import Table

if TYPE_CHECKING:
    from longtake.tree.leaf import Array

_FIRST, _END = "start_index", "end_index"
#: So many are read into memory, a fraction of a gigabyte; beyond, an index is a mistake or a trap.
_MOST_TIMES = 10_000_000
#: VTK takes times that are closer for the same.
_LEAST_STEP = 1e-15
#: An array of fewer axes has no images or volumes as rows.
_LEAST_AXES = 3


@dataclass(frozen=True)
class Times:
    """When the rows of an array are shown."""

    #: (n,) float64, ascending.
    values: np.ndarray
    #: (n,) int64: which row of the array belongs to each.
    rows: np.ndarray

    def are(self, other: Times | None) -> bool:
        """Whether another array has the same times; its rows may be others."""
        return other is not None and np.array_equal(self.values, other.values)


def times_of(leaf: Array, given: Any) -> Times | None:
    """Give the times of an array's rows, None if its first axis is none of time.

    Raises
    ------
    WrongType, InvalidArgument
        If they are no numbers, do not ascend, or are not as many as the rows.
    """
    index = frame_index(leaf)
    if index is None and given is None:
        return None
    rows, stamps = (None, None) if index is None else _frames(index, leaf)
    count = len(leaf) if rows is None else len(rows)
    values = _ascending(stamps if given is None else given, count, leaf)
    return Times(values, np.arange(count) if rows is None else rows)


def frame_index(leaf: Array) -> Table | None:
    """Give the index beside the data of a stream of images or volumes, None if it is no such."""
    match str(leaf._h5.name).split("/"):
        case ["", "frame_stream", name, "data"] if leaf.ndim >= _LEAST_AXES:
            where = f"/frame_stream/{name}/index"
        case _:
            return None
    try:
        found = leaf._tree.node(where)
    except NodeNotFound:
        return None
    if not isinstance(found, Table) or not {"timestamp", _FIRST, _END} <= set(found.colnames):
        return None
    return found


def _frames(index: Table, leaf: Array) -> tuple[np.ndarray, np.ndarray]:
    """Give the row of each frame that is there, and its timestamp."""
    if len(index) > _MOST_TIMES:
        raise InvalidArgument(
            f"{index._v_pathname} has {len(index)} rows, more than the {_MOST_TIMES} times that "
            "are read: copy the frames that matter into an array of their own"
        )
    first, end = index.col(_FIRST).astype(np.int64), index.col(_END).astype(np.int64)
    is_there = (first >= 0) & (end == first + 1) & (end <= len(leaf))
    if "checksum" in index.colnames:  # 0 where space was taken ahead
        is_there &= index.col("checksum") != 0
    return first[is_there], index.col("timestamp")[is_there]


def _ascending(values: Any, count: int, leaf: Array) -> np.ndarray:
    where = leaf._v_pathname
    try:
        times = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise WrongType(f"times of {where} are numbers, one a row: {error}") from error
    if times.shape != (count,):
        raise InvalidArgument(
            f"{where} has {count} rows on its first axis, for which there are times of the shape "
            f"{times.shape}: give one for each row"
        )
    if not np.isfinite(times).all() or not (np.diff(times) > _LEAST_STEP).all():
        raise InvalidArgument(
            f"the times of {where} do not ascend, as 64-bit floats, which ParaView has: give "
            "times=, such as seconds since the first of them"
        )
    return times
