"""Where in a scan a frame is, by its number: row after row, or to and fro (a snake)."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument
from longtake.follow.keys.c_order import position

if TYPE_CHECKING:
    from collections.abc import Sequence


def get_position(index: int, shape: Sequence[int], scan_rank: int) -> tuple[int, ...]:
    """Give where in a scan a frame is that goes row after row.

    Parameters
    ----------
    index : int
        The number of the frame.
    shape : sequence of int
        Of the dataset, or of the scan.
    scan_rank : int
        How many of its dimensions, the first ones, are of the scan.

    Raises
    ------
    InvalidArgument
        If the scan has no such frame.

    Examples
    --------
    >>> get_position(4, (2, 3, 480, 640), 2)
    (1, 1)
    """
    grid = tuple(shape[:scan_rank])
    if not 0 <= index < prod(grid):
        raise InvalidArgument(f"index {index} is out of bounds: a scan of shape {grid} has no such")
    return tuple(map(int, position(int(index), grid)))


def get_position_snake(index: int, shape: Sequence[int], scan_rank: int) -> tuple[int, ...]:
    """Give where in a scan a frame is that goes to and fro: every other row backwards.

    Parameters and errors are as of `get_position`.

    Examples
    --------
    >>> get_position_snake(3, (2, 3), 2)
    (1, 2)
    """
    return get_position_snake_row(index, shape, scan_rank)[0]


def get_position_snake_row(
    index: int, shape: Sequence[int], scan_rank: int
) -> tuple[tuple[int, ...], bool]:
    """Give where in a to-and-fro scan a frame is, and whether its row goes backwards.

    A dimension is gone through backwards where the sum of the places before it is odd.

    Parameters and errors are as of `get_position`.

    Examples
    --------
    >>> get_position_snake_row(3, (2, 3), 2)
    ((1, 2), True)
    """
    snake: list[int] = []
    is_backwards = False
    for place, length in zip(get_position(index, shape, scan_rank), shape, strict=False):
        is_backwards = sum(snake) % 2 == 1
        snake.append(length - 1 - place if is_backwards else place)
    return tuple(snake), is_backwards


def get_row_slice(index: int, shape: Sequence[int], scan_rank: int) -> tuple[slice, ...]:
    """Select the row that a frame is in.

    Parameters and errors are as of `get_position`.

    Examples
    --------
    >>> get_row_slice(4, (2, 3), 2)
    (slice(1, 2, None), slice(None, None, None))
    """
    *before, _ = get_position(index, shape, scan_rank)
    return (*(slice(place, place + 1) for place in before), slice(None))


def convert_stack_to_grid(
    slices: Sequence[slice],
    scan_shape: Sequence[int],
    snake: bool = False,  # noqa: FBT001, FBT002  (as users know it)
) -> list[slice]:
    """Give where in a grid the frames of a stack belong.

    Parameters
    ----------
    slices : sequence of slice
        The first is of the stack: of one frame, or of several in one row. The others are kept.
    scan_shape : sequence of int
        Of the grid.
    snake : bool
        Whether the scan went to and fro.

    Returns
    -------
    list of slice
        Of a row that goes backwards, with a step of -1.

    Raises
    ------
    InvalidArgument
        If the grid has no such frames, or they are not in one row.

    Examples
    --------
    >>> convert_stack_to_grid((slice(5, 6),), (3, 4))
    [slice(1, 2, 1), slice(1, 2, 1)]
    """
    first, *others = slices
    rank = len(scan_shape)
    find = get_position_snake if snake else get_position
    begin, end = find(first.start, scan_shape, rank), find(first.stop - 1, scan_shape, rank)
    if begin[:-1] != end[:-1]:
        raise InvalidArgument(
            f"frames {first.start} to {first.stop - 1} are in several rows of a scan of shape "
            f"{tuple(scan_shape)}: convert each row by itself"
        )
    rows = [slice(place, place + 1, 1) for place in begin[:-1]]
    return [*rows, _span(begin[-1], end[-1]), *others]


def _span(first: int, last: int) -> slice:
    if first <= last:
        return slice(first, last + 1, 1)
    return slice(first, last - 1 if last else None, -1)
