"""What of a file would survive a power cut, and the waiting for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from longtake.errors import Closed, WriteFailed
from longtake.hdf import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.hdf.dataset import GrowingDataset
    from longtake.hdf.journal import Change
    from longtake.hdf.raw_file import RawFile

#: With more bytes than these to wait for, a structure change waits for its own alone,
_LITTLE = 1024 * 1024
#: and so soon for all, that little needs to be looked at after a crash.
_SOON_S = 5.0


class OnDisk:
    """Knows what is on the disk, not merely in the system's memory.

    Parameters
    ----------
    raw : RawFile
    datasets : list of GrowingDataset
        Those that are appended to; the list may grow.
    rows : dict of int to int
        Rows known to be on disk, by the offset of their index.
    tell : callable
        Told why what was written may never get there.
    """

    def __init__(
        self,
        raw: RawFile,
        datasets: list[GrowingDataset],
        rows: dict[int, int],
        tell: Callable[[WriteFailed], None],
    ) -> None:
        self.rows = rows
        self._raw = raw
        self._datasets = datasets
        self._bytes = 0  # of all rows, when the file was last synced
        self._applied: Change | None = None  # the edits of which may not be on disk
        self._timer: threading.Timer | None = None
        self._tell = tell

    def sync(self) -> None:
        """Wait for everything."""
        # Counted before: a row is counted when it is written, and others append meanwhile.
        rows = {d.first_offset: d.rows for d in self._datasets if d.is_table}
        total, applied = self._all_bytes(), self._applied
        self._raw.sync()
        self.rows, self._bytes = rows, total
        if self._applied is applied:
            self._applied = None

    def secure(self, change: Change) -> None:
        """Wait for what a crash needs that comes while a change, written ahead, is applied.

        That is the change itself, and all of the one before, whose place in the journal is the
        next to be taken. To wait for the rows as well would be to write a camera's frames at the
        speed of the disk, not of memory: so they are waited for only if they are few.
        """
        if self._all_bytes() - self._bytes <= _LITTLE:
            self.sync()
            return
        ranges = [(offset, length) for offset, length, _ in change.fresh]
        ranges.append(journal.place(change))
        if self._applied is not None:
            ranges += [(edit.offset, len(edit.after)) for edit in self._applied.edits]
        for offset, length in ranges:
            self._raw.sync_range(offset, length)
        self.sync_within(_SOON_S)

    def applied(self, change: Change) -> None:
        """Note that a change was made, and that it is not waited for yet."""
        self._applied = change

    def sync_within(self, seconds: float) -> None:
        """Wait for everything in another thread, soon."""
        if self._timer is None:
            self._timer = threading.Timer(seconds, self.sync_and_tell)
            self._timer.daemon = True
            self._timer.start()

    def sync_and_tell(self) -> None:
        """Wait for everything; an error is told."""
        self._timer = None
        try:
            self.sync()
        except Closed:
            pass
        except WriteFailed as error:
            self._tell(error)

    def stop(self) -> None:
        """Let no other thread wait any more."""
        timer = self._timer
        if timer is not None:
            timer.cancel()

    def _all_bytes(self) -> int:
        return sum(d.rows * d.row_bytes for d in self._datasets)
