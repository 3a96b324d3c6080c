"""How large the chunks of a dataset are, and in which form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A plane along any axis then cuts few chunks, and each is worth a read of its own.
_ARRAY_BYTES = 1024 * 1024
_LEAST_TABLE_BYTES, _MOST_TABLE_BYTES = 16 * 1024, 1024 * 1024
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
    chunk = [max(1, side) for side in shape]
    parts = [1] * len(chunk)
    while math.prod(chunk) * itemsize > _ARRAY_BYTES and max(chunk) > 1:
        longest = chunk.index(max(chunk))
        parts[longest] += 1
        chunk[longest] = -(-max(1, shape[longest]) // parts[longest])
    return tuple(chunk)


def chunk_rows(row_bytes: int, expected_rows: int) -> int:
    """Give the rows in a chunk of a table that is expected to become so long."""
    wanted = expected_rows * row_bytes // _CHUNKS
    size = min(max(wanted, _LEAST_TABLE_BYTES), _MOST_TABLE_BYTES)
    return max(1, size // max(1, row_bytes))
