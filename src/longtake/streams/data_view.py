"""Reading a data stream: anything by timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_64_intdigest

from longtake.errors import DamagedFile
from longtake.streams.columns import UNCHECKED, IndexRow, nonzero
from longtake.streams.entry_codec import MOST_BYTES, decode_entries, decode_entry
from longtake.streams.sequence_view import SequenceView

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    def _read_one(self, row: IndexRow) -> Any:
        return self._entry(self._data.read_bytes(row.start, row.end - row.start), row)

    def _value_of(self, data: np.ndarray, row: IndexRow) -> Any:
        return self._entry(data.tobytes(), row)

    def _entry(self, content: bytes, row: IndexRow) -> Any:
        if row.checksum not in {UNCHECKED, nonzero(xxh3_64_intdigest(content))}:
            raise self._columns.damaged(row)
        try:
            return decode_entry(content)
        except DamagedFile as error:
            raise DamagedFile(
                f"{self._data.raw.path}: the entry at {row.key} of {self.name!r}: {error}"
            ) from error

    def _decode(self, data: np.ndarray, rows: np.ndarray) -> Iterator[Any]:
        """Give many entries at once, or one after the other up to the first that is damaged."""
        content = data.tobytes()
        base = rows["start_index"][0]
        starts, ends = (rows["start_index"] - base).tolist(), (rows["end_index"] - base).tolist()
        spans = zip(starts, ends, strict=True)
        digests = np.array([xxh3_64_intdigest(content[at:end]) for at, end in spans], np.uint64)
        digests[digests <= UNCHECKED] += np.uint64(2)
        checksums = rows["checksum"]
        if ((digests == checksums) | (checksums == UNCHECKED)).all():
            try:
                yield from decode_entries(content, starts, ends)
            except DamagedFile:
                pass  # found again, and named, below
            else:
                return
        yield from super()._decode(data, rows)

    def to_dataframe(self) -> pd.DataFrame:
        """Give all entries as a table: a row for each timestamp, a column for each field.

        Entries that are dicts give their fields; any other value is in the column ``value``.
        """
        import pandas as pd

        keys, fields = [], []
        for key, value in self.items():
            keys.append(key)
            fields.append(value if isinstance(value, dict) else {"value": value})
        return pd.DataFrame(fields, index=pd.Index(keys, name="timestamp", dtype="int64"))
