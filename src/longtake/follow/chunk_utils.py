"""Putting whole chunks of a stack of frames where they belong in the grid of a scan.

A chunk of the stack rarely fits the rows of the grid. So that the grid is written in whole parts
too, what does not fill one is written with the next chunk of the stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from longtake.errors import InvalidArgument
from longtake.follow.positions import get_position, get_position_snake_row
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True)
class SliceInOut:
    """Which frames of a chunk of the stack belong where in a row of the grid.

    Of a row that goes backwards, the input has a step of -1.
    """

    input: slice
    output: slice


@dataclass(frozen=True)
class GridPart:
    """A part of a row of the grid, and the frames of the stack that fill it.

    Attributes
    ----------
    type : {"current", "combined"}
        Whether they are all in the present chunk, or the first of them in the one before.
    position : tuple of int
        Where in the grid the part begins.
    current : SliceInOut
        The frames that are in the present chunk.
    last : SliceInOut or None
        Those in the one before.
    """

    type: Literal["current", "combined"]
    position: tuple[int, ...]
    current: SliceInOut
    last: SliceInOut | None = None


class Output(Protocol):
    """A dataset or array that frames are written to."""

    def __setitem__(self, selection: tuple[slice, ...], frames: np.ndarray, /) -> None:
        """Write frames."""
        ...


def get_slice_structure(
    index: int,
    n_points_chunk: int,
    scan_shape: Sequence[int],
    snake: bool,  # noqa: FBT001  (as users know it)
) -> list[GridPart]:
    """Say what can be written to the grid, once a chunk of the stack is there.

    Rows are written whole where a chunk has as many frames, and else in parts of as many frames as
    a chunk has; the last part of a row may be shorter.

    Parameters
    ----------
    index : int
        The number of the first frame of the chunk.
    n_points_chunk : int
        How many frames a chunk has.
    scan_shape : sequence of int
        Of the grid.
    snake : bool
        Whether every other row went backwards.

    Raises
    ------
    InvalidArgument, WrongType
        If a number is none, or the grid has no such frame.

    Examples
    --------
    >>> for part in get_slice_structure(4, 4, (2, 6), False):
    ...     print(part.type, part.position, part.current.input, part.current.output)
    current (0, 4) slice(0, 2, 1) slice(4, 6, 1)
    """
    length = whole_number(n_points_chunk, "n_points_chunk", least=1)
    shape = tuple(scan_shape)
    get_position(index, shape, len(shape))  # or it says what is wrong
    end = min(index + length, prod(shape))
    rows = range(max(0, index - length) // shape[-1], (end - 1) // shape[-1] + 1)
    parts = [part for row in rows for part in _parts_of_row(row, shape, length, snake=snake)]
    return [
        _filled(frames, place, is_backwards=is_backwards, index=index, length=length)
        for frames, place, is_backwards in parts
        if index < frames.stop <= end
    ]


def write_data(
    slice_structure: Iterable[GridPart],
    data: np.ndarray,
    last_data: np.ndarray | None,
    output: Output,
) -> None:
    """Write to the grid what `get_slice_structure` said can be.

    Parameters
    ----------
    slice_structure : iterable of GridPart
    data : (n, ...) array
        The chunk.
    last_data : (n, ...) array or None
        The chunk before it.
    output : h5py.Dataset or array
        The grid: of the scan's shape, and that of a frame.

    Raises
    ------
    InvalidArgument
        If the chunk before is needed and was not given.

    Examples
    --------
    >>> grid = np.zeros((2, 3), int)
    >>> write_data(get_slice_structure(0, 6, (2, 3), True), np.arange(6), None, grid)
    >>> grid
    array([[0, 1, 2],
           [5, 4, 3]])
    """
    for part in slice_structure:
        pieces = [(part.current, data)]
        if part.last is not None:
            if last_data is None:
                raise InvalidArgument(
                    f"the part of the grid at {part.position} begins with frames of the chunk "
                    "before this one: give it as last_data"
                )
            pieces.append((part.last, last_data))
        begin = part.position[-1]
        size = max(piece.output.stop for piece, _ in pieces) - begin
        values = np.empty((size, *data.shape[1:]), data.dtype)
        for piece, source in pieces:
            values[piece.output.start - begin : piece.output.stop - begin] = source[piece.input]
        rows = [slice(place, place + 1) for place in part.position[:-1]]
        at = (*rows, slice(begin, begin + size))
        output[at] = values.reshape((1,) * len(rows) + values.shape)


def _parts_of_row(
    row: int, shape: tuple[int, ...], length: int, *, snake: bool
) -> Iterator[tuple[range, tuple[int, ...], bool]]:
    """Give the frames of each part of a row, in their order; where it begins; if it is backwards.

    All parts but the one at the end of the row are of the same size.
    """
    across = shape[-1]
    before, is_backwards = get_position(row * across, shape, len(shape))[:-1], False
    if snake:
        place, is_backwards = get_position_snake_row(row * across, shape, len(shape))
        before = place[:-1]
    begins = range(0, across, min(length, across))
    for begin in reversed(begins) if is_backwards else begins:
        size = min(begins.step, across - begin)
        first = row * across + (across - begin - size if is_backwards else begin)
        yield range(first, first + size), (*before, begin), is_backwards


def _filled(
    frames: range, place: tuple[int, ...], *, is_backwards: bool, index: int, length: int
) -> GridPart:
    in_last = max(0, index - frames.start)
    now = len(frames) - in_last
    begin, end = place[-1], place[-1] + len(frames)
    if is_backwards:
        outputs = slice(end - in_last, end, 1), slice(begin, begin + now, 1)
    else:
        outputs = slice(begin, begin + in_last, 1), slice(begin + in_last, end, 1)
    start = max(0, frames.start - index)
    current = SliceInOut(_of_chunk(start, start + now, is_backwards=is_backwards), outputs[1])
    if not in_last:
        return GridPart("current", place, current)
    last = SliceInOut(_of_chunk(length - in_last, length, is_backwards=is_backwards), outputs[0])
    return GridPart("combined", place, current, last)


def _of_chunk(start: int, stop: int, *, is_backwards: bool) -> slice:
    if not is_backwards:
        return slice(start, stop, 1)
    return slice(stop - 1, start - 1 if start else None, -1)
