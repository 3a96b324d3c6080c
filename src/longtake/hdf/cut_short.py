"""What of a dataset is missing in a file that was cut short."""

from __future__ import annotations

from typing import Any

import h5py
from h5py import h5d  # pyright: ignore[reportAttributeAccessIssue]


def bytes_past(dataset: h5py.Dataset, end: int) -> tuple[int, int]:
    """Give how many of a dataset's bytes lie past `end` in its file, and how many there are.

    They are counted as the file holds them, compressed or not; of the last chunk of an
    uncompressed dataset, only the rows in use. Data in other files are not looked at.
    """
    identifier: Any = dataset.id
    properties = identifier.get_create_plist()
    kind = properties.get_layout()
    offset = identifier.get_offset()  # None where nothing was stored, or not in one piece
    if kind == h5d.CONTIGUOUS and offset is not None:
        size = int(identifier.get_storage_size())
        return _past(offset, size, end), size
    if kind != h5d.CHUNKED:
        return 0, 0
    past = total = 0

    def look(chunk: Any) -> None:
        nonlocal past, total
        size = chunk.size
        if not properties.get_nfilters():
            size = _bytes_in_use(dataset, chunk)
        past += _past(chunk.byte_offset, size, end)
        total += size

    identifier.chunk_iter(look)
    return past, total


def _past(offset: int, size: int, end: int) -> int:
    return max(0, min(size, offset + size - end))


def _bytes_in_use(dataset: h5py.Dataset, chunk: Any) -> int:
    rows = dataset.chunks[0]  # pyright: ignore[reportOptionalSubscript]  (it is chunked)
    used = max(0, min(rows, dataset.shape[0] - chunk.chunk_offset[0]))
    return chunk.size * used // rows
