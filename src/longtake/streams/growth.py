"""How much space is taken ahead of need."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake.hdf import GrowingDataset, LiveFile
    from longtake.streams.columns import ColumnSet

_LARGEST_STEP = 256 * 1024 * 1024
_AHEAD_S = 5.0
#: A step is at most this part of what there is, so that little is left over at the end,
_PART = 16
#: or so many bytes, of all datasets together.
_LITTLE = 4 * 1024 * 1024
#: But frames that fill chunks of their own come by so many, for a step costs milliseconds.
_FRAMES = 8


class Growth:
    """Grows the datasets of a set of columns before they are full.

    A step is what some seconds will need at the rate of late, in whole chunks; at most a
    sixteenth of what there is (or 4 MiB of all together, two chunks, or eight frames), and 256
    MiB: so its cost does not grow with the stream, and its waste stays small. A helper thread takes
    it when a quarter of the last step is left; only an append that outruns that, or is larger than
    a step, waits.
    """

    def __init__(self, file: LiveFile, columns: ColumnSet) -> None:
        self._file = file
        self._columns = columns
        self._steps = {dataset: dataset.chunk_rows for dataset in columns.datasets}
        self._since = monotonic()
        self._rows_then = {dataset: dataset.rows for dataset in columns.datasets}
        #: Up to so many rows of the index, and of the data, nothing needs to be looked at.
        self.calm_rows = self.calm_data = 0

    def make_room(self, index_rows: int, data_rows: int) -> None:
        """Make sure that the set can hold so many rows, growing now or soon."""
        if index_rows <= self.calm_rows and data_rows <= self.calm_data:
            return
        needs = dict.fromkeys(self._columns.datasets, data_rows)
        needs[self._columns.index] = index_rows
        # What is asked for is not asked for again at each append, but once more half way to where
        # it is needed: another stream may have been quicker to ask, or the disk full for a moment.
        asked: dict[GrowingDataset, int] = {}
        if any(rows > dataset.capacity for dataset, rows in needs.items()):
            self._file.grow(self._capacities(needs))
        elif not self._file.is_growing and any(
            rows > self._calm(dataset) for dataset, rows in needs.items()
        ):
            wanted = self._capacities(needs)
            asked = {d: (d.capacity + needs[d] + 1) // 2 for d in wanted}
            self._file.grow_soon(wanted)
        calm = {dataset: self._calm(dataset) for dataset in needs} | asked
        self.calm_rows = calm.pop(self._columns.index)
        self.calm_data = min(calm.values(), default=0)

    def _calm(self, dataset: GrowingDataset) -> int:
        return dataset.capacity - self._steps[dataset] // 4

    def _capacities(self, needs: dict[GrowingDataset, int]) -> dict[GrowingDataset, int]:
        """New capacities, for all datasets of which less than half a step is left."""
        little = _LITTLE // len(needs)
        seconds = max(monotonic() - self._since, 1e-3)
        wanted = {}
        for dataset, rows in needs.items():
            if (dataset.capacity - rows) * 2 >= self._steps[dataset]:
                continue
            rate = (rows - self._rows_then[dataset]) / seconds
            chunk = dataset.chunk_rows
            most = min(
                max(dataset.capacity // _PART, little // dataset.row_bytes, 2 * chunk, _FRAMES),
                _LARGEST_STEP // dataset.row_bytes,
            )
            step = min(int(rate * _AHEAD_S), most)
            needed = max(rows, dataset.capacity)
            capacity = max(needed // chunk + 1, (needed + step) // chunk) * chunk
            self._steps[dataset] = capacity - needed
            wanted[dataset] = capacity
        self._since = monotonic()
        self._rows_then = dict(needs)
        return wanted
