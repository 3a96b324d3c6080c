"""How large the chunks of a dataset are, and in which form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A plane along any axis then cuts few chunks, and each is worth a read of its own.
_ARRAY_BYTES = 1024 * 1024
_LEAST_TABLE_BYTES, _MOST_TABLE_BYTES = 64 * 1024, 1024 * 1024
#: What is appended to row by row: the chunks that a row is in stay in HDF5's cache until they are
#: full, and each is compressed once.
_GROWING_BYTES, _LEAST_GROWING_BYTES = 8 * 1024 * 1024, 64 * 1024
#: A table that becomes as long as was expected has so many chunks at least.
_CHUNKS = 16


def chunk_shape(shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Give the chunks of an array that is read along every axis: as near to a cube as may be.

    Each side is cut into equal parts, so that the last chunk is not mostly padding.

    Examples
    --------
    >>> chunk_shape((300, 300, 300), 4)
    (60, 60, 60)
    """
    sides = [max(1, side) for side in shape]
    edge, longest = 1, max(sides, default=1)
    while edge < longest:  # the largest edge of a cube that is not too large, by halving
        middle = (edge + longest + 1) // 2
        if math.prod(min(side, middle) for side in sides) * itemsize <= _ARRAY_BYTES:
            edge = middle
        else:
            longest = middle - 1
    return tuple(-(-side // -(-side // edge)) for side in sides)


def growing_chunk_shape(shape: Sequence[int], itemsize: int, expected: int) -> tuple[int, ...]:
    """Give the chunks of an array that grows along the axis that is 0, to about `expected`.

    Examples
    --------
    >>> growing_chunk_shape((0, 512, 512), 2, 1000)
    (16, 171, 171)
    """
    row_bytes = math.prod(side for side in shape if side) * itemsize
    least = -(-_LEAST_GROWING_BYTES // row_bytes)
    most = min(max(expected, least), max(1, _GROWING_BYTES // row_bytes))
    return chunk_shape([side or most for side in shape], itemsize)


def chunk_rows(row_bytes: int, expected_rows: int) -> int:
    """Give the rows in a chunk of a table that is expected to become so long."""
    wanted = expected_rows * row_bytes // _CHUNKS
    size = min(max(wanted, _LEAST_TABLE_BYTES), _MOST_TABLE_BYTES)
    return max(1, size // max(1, row_bytes))
