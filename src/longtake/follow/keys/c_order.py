"""Parts of a dataset that one selection takes, in the order of the flat index."""

from __future__ import annotations

from math import prod


def position(index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Give where a flat index is in a shape.

    Examples
    --------
    >>> position(4, (2, 3))
    (1, 1)
    """
    at: list[int] = []
    for length in reversed(shape):
        index, rest = divmod(index, length)
        at.append(rest)
    return tuple(reversed(at))


def box_from(start: int, most: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Select values that follow each other from a flat index on: `most` of them, or fewer.

    It ends where no one selection goes on: at the end of a row that was begun in its middle, or
    after the last whole row, plane and so on that is not too much.

    Examples
    --------
    >>> box_from(1, 10, (4, 3))  # the rest of the row
    (slice(0, 1, None), slice(1, 3, None))
    >>> box_from(3, 8, (4, 3))  # two rows
    (slice(1, 3, None), slice(0, 3, None))
    """
    at = position(start, shape)
    box = [slice(begin, begin + 1) for begin in at]
    for axis in reversed(range(len(shape))):
        inner = prod(shape[axis + 1 :])
        box[axis] = slice(at[axis], min(shape[axis], at[axis] + most // inner))
        if at[axis] > 0 or prod(shape[axis:]) > most:
            break
    return tuple(box)


def size_of(box: tuple[slice, ...]) -> int:
    """Give how many values a box holds."""
    return prod(part.stop - part.start for part in box)
