"""Writing a record stream: typed rows by key."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument
from longtake.streams.record_writer import RecordWriter
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike


class RecordStream(RecordWriter):
    """A record stream that is being written.

    Made by `StreamFile`.

    Guarantees
    ----------
    When `append`, `append_many` or `put` returns, every other process can read the values, and
    killing this one does not take them back. A value is there whole or not at all. Memory: 8
    bytes a key. Threads: any of them may write; others read through a view of their own.
    """

    def append(self, key: int, columns: Mapping[str, ArrayLike]) -> None:
        """Store rows under a key greater than all before it.

        Parameters
        ----------
        key : int
            A timestamp or frame number, within 64 bits.
        columns : mapping of str to (n,) array
            As of `put`.

        Raises
        ------
        InvalidArgument, WrongType, WriteFailed
            As of `put`; also if the key is not greater.
        """
        with self._turn:
            self._get_ready()
            number = self._checked_key(key)
            self._require_last(number)
            self._put(number, columns)

    def append_many(self, keys: Iterable[int], values: Iterable[Mapping[str, ArrayLike]]) -> None:
        """Store a burst of values, with one write for each column and each index.

        Parameters
        ----------
        keys : iterable of int
            Ascending, the first greater than all before.
        values : iterable of mapping of str to (n,) array
            As many, each as `put` takes it. Columns that are new to the stream are added
            together: a value of the burst has all of those, or none.

        Raises
        ------
        InvalidArgument, WrongType
            If any of them cannot be stored; then none was.
        WriteFailed
            As of `put`; of the burst nothing is stored then.

        Examples
        --------
        >>> import longtake as lt, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
        >>> with lt.record(path) as recording:
        ...     spikes = recording.create_record_stream("spikes", {"channel": "u1"})
        ...     spikes.append_many([10, 11], [{"channel": [3, 5]}, {"channel": []}])
        >>> with lt.open(path) as view:
        ...     [value["channel"].tolist() for value in view.record_streams.spikes.values()]
        [[3, 5], []]
        """
        numbers, given = [self._checked_key(key) for key in keys], list(values)
        for before, number in pairwise(numbers):
            if number <= before:
                raise self._late(number, before)
        if len(numbers) != len(given):
            raise InvalidArgument(
                f"{self.name!r}: {len(numbers)} keys for {len(given)} values; nothing was stored"
            )
        with self._turn:
            self._get_ready()
            if numbers:
                self._require_last(numbers[0])
                self._write_many(numbers, self._prepared(numbers, given))
                self._file.appended()

    def put(self, key: int, columns: Mapping[str, ArrayLike]) -> None:
        """Store rows under any key; rows stored under it before are replaced.

        Parameters
        ----------
        key : int
        columns : mapping of str to (n,) array
            Every column of the first set; columns that are new are added to the stream.

        Raises
        ------
        InvalidArgument, WrongType
            If columns are missing, differ in length, or hold values that their column cannot;
            if the key is not an integer within 64 bits. Nothing was stored.
        WriteFailed
            If the disk is full or broken; the value is then not stored. If it could not be
            synced, it is, but may not survive a power cut.
        """
        with self._turn:
            self._get_ready()
            self._put(self._checked_key(key), columns)

    def _checked_key(self, key: int) -> int:
        return whole_number(key, f"{self.name!r}: a key")

    def _require_last(self, key: int) -> None:
        last = self.last_key
        if last is not None and key <= last:
            raise self._late(key, last)

    def _late(self, key: int, last: int) -> InvalidArgument:
        return InvalidArgument(
            f"{self.name!r}: key {key} does not come after the last one, {last}; nothing was stored"
        )
