"""Reading a data stream: anything by timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest

from longtake.errors import DamagedFile
from longtake.streams.columns import UNCHECKED, IndexRow, nonzero
from longtake.streams.entry_codec import MOST_BYTES, decode_entry
from longtake.streams.sequence_view import SequenceView

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd


class DataStreamView(SequenceView[Any]):
    """Entries of any shape by timestamp: what `DataStream.append` takes comes back.

    Guarantees
    ----------
    An entry comes back as it was appended (tuples as lists), or `DamagedFile` says that it is not
    what was written. Nothing in the file is run. Memory: 8 bytes an entry, and a block of 4 MiB.
    Threads: one; others may read through a view of their own.
    """

    @property
    def _block_rows(self) -> int:
        return 4 * 1024 * 1024

    @property
    def _most_rows(self) -> int:
        return MOST_BYTES

    def _decode(self, data: np.ndarray, rows: np.ndarray) -> Iterator[Any]:
        content = data.data
        base = int(rows["start_index"][0])
        for key, start, end, checksum in rows.tolist():
            entry = content[start - base : end - base]
            if checksum not in {UNCHECKED, nonzero(xxh3_64_intdigest(entry))}:
                raise self._columns.damaged(IndexRow(key, start, end, checksum))
            try:
                value = decode_entry(entry)
            except DamagedFile as error:
                raise DamagedFile(
                    f"{self._data.raw.path}: the entry at {key} of {self.name!r}: {error}"
                ) from error
            yield value

    def to_dataframe(self) -> pd.DataFrame:
        """Give all entries as a table: a row for each timestamp, a column for each field.

        Entries that are dicts give their fields; any other value is in the column ``value``.
        """
        import pandas as pd

        keys, values = self.keys(), self.values()
        fields = [value if isinstance(value, dict) else {"value": value} for value in values]
        index = pd.Index(keys.tolist(), name="timestamp", dtype="int64")
        return pd.DataFrame(fields, index=index[: len(fields)])
