"""Whether a file can hold as many rows as one of its datasets says that it has.

A few bytes of a hostile file can claim any number of rows, whose keys alone would fill the memory:
by chunks that were never written and read as a value of the file's choice, by chunks that are all
the same place in the file, by data that are compressed a million to one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from longtake.errors import DamagedFile
from longtake.hdf.plain_file import StoredDataset

if TYPE_CHECKING:
    from longtake.hdf import GrowingDataset

#: Sizes up to which there is nothing to look at.
_SMALL_INDEX = 64 * 1024 * 1024
_SMALL_DATA = 1024 * 1024 * 1024
#: How many bytes one can stand for. gzip knows no more than 1032, and keys that ascend compress
#: a few hundred times at most; frames without any light, with Blosc2, 250 000 times.
_INDEX_RATIO = 1100
_DATA_RATIO = 1_000_000


def require_plausible_index(dataset: GrowingDataset | StoredDataset) -> None:
    """Raise `DamagedFile` if an index claims more rows than its file can hold."""
    _require(dataset, _SMALL_INDEX, _INDEX_RATIO)


def require_plausible_data(dataset: GrowingDataset | StoredDataset) -> None:
    """Raise `DamagedFile` if a dataset claims more rows than its file can hold."""
    _require(dataset, _SMALL_DATA, _DATA_RATIO)


def _require(dataset: GrowingDataset | StoredDataset, small: int, ratio: int) -> None:
    size = dataset.capacity * dataset.row_bytes
    if size <= small:
        return
    if isinstance(dataset, StoredDataset):
        stored = dataset.stored_bytes
        if stored > dataset.raw.size or size > ratio * stored:
            raise DamagedFile(
                f"{dataset.path} claims {dataset.capacity} rows of {dataset.row_bytes} bytes, for "
                f"which there are {stored} bytes in the file: it cannot hold them"
            )
    elif any(later < end for (_, end), (later, _) in pairwise(sorted(dataset.ranges()))):
        raise DamagedFile(f"{dataset.path} has chunks that lie over each other")
