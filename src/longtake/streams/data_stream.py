"""Writing a data stream: anything by timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest

from longtake.streams.columns import UNCHECKED, nonzero
from longtake.streams.data_view import DataStreamView
from longtake.streams.entry_codec import encode_entry
from longtake.streams.sequence_writer import SequenceWriter

if TYPE_CHECKING:
    from collections.abc import Iterable


class DataStream(SequenceWriter, DataStreamView):
    """Entries of any shape by timestamp, being written.

    Made by `Recording.create_data_stream`.

    Guarantees
    ----------
    When `append` returns, every other process can read the entry, and killing this one does not
    take it back. What cannot come back equal is refused, and nothing is consumed by it. Memory:
    does not grow with the entries. Threads: any of them may append.

    Examples
    --------
    >>> import longtake as lt, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     game = recording.create_data_stream("game", attributes={"score": 0})
    ...     game.append(1000, {"ball": (1.5, 2.5)})
    ...     game.set_attribute("score", 1)
    >>> with lt.open(path) as view:
    ...     view.data_streams.game[1000], view.data_streams.game.attributes.application
    ({'ball': [1.5, 2.5]}, {'score': 1})
    """

    def append(self, timestamp: int, data: Any) -> None:
        """Store an entry under a timestamp greater than all before it.

        Parameters
        ----------
        timestamp : int
            Of any integer type, within 64 bits.
        data : dict, list, tuple, str, bytes, number, bool, None, numpy scalar or array
            Or any of these within each other. Tuples come back as lists, all else as it was.

        Raises
        ------
        InvalidArgument, WrongType
            If the timestamp is not an integer or not greater, or the data hold what cannot be
            stored, or too much; nothing was stored.
        WriteFailed
            If the disk is full or broken; earlier entries stay, and appending may be tried again.
        """
        content = encode_entry(data)
        checksum = xxh3_64_intdigest(content)
        if checksum <= UNCHECKED:
            checksum = nonzero(checksum)
        self._append(timestamp, content, len(content), checksum)

    def append_many(self, timestamps: Iterable[int], values: Iterable[Any]) -> None:
        """Store a burst of entries, with two writes in all.

        Parameters
        ----------
        timestamps : iterable of int
            Ascending, the first greater than all before.
        values : iterable
            As many, each as `append` takes it.

        Raises
        ------
        InvalidArgument, WrongType
            If any of them cannot be stored; then none was.
        WriteFailed
            As of `append`; of the burst nothing is stored then.
        """
        keys = self._checked_keys(timestamps)
        contents = [encode_entry(value, f"values[{i}]") for i, value in enumerate(values)]
        checksums = [nonzero(xxh3_64_intdigest(content)) for content in contents]
        self._append_burst(keys, contents, [len(content) for content in contents], checksums)
