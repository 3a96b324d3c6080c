"""Where in the file a dataset that is stored in one piece lies, once it has been written to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import h5py

from longtake.errors import LongtakeError
from longtake.hdf.overlay import Overlay
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock

if TYPE_CHECKING:
    from collections.abc import Callable

#: The part of the time that looking may take.
_SHARE = 0.1


class Allocation:
    """Tells where a contiguous dataset lies; HDF5 gives it a place when it is first written to.

    What this process has open does not show that: the file is opened once more, in a way that
    shares nothing with what is open. As that takes a while, not each call looks.
    """

    def __init__(self, dataset: h5py.Dataset, clock: Callable[[], float] = monotonic) -> None:
        self._offset: int | None = dataset.id.get_offset()
        self._dataset = dataset
        self._clock = clock
        self._next_look = 0.0

    def offset(self) -> int | None:
        """Give the byte offset in the file; None if it has none yet, as far as is known."""
        if self._offset is None:
            began = self._clock()
            if began >= self._next_look:
                self.look()
                took = self._clock() - began
                self._next_look = began + took / _SHARE
        return self._offset

    def look(self) -> int | None:
        """Give the byte offset in the file as it is now."""
        if self._offset is None:
            self._offset = _offset_now(self._dataset)
        return self._offset


def _offset_now(dataset: h5py.Dataset) -> int | None:
    # By the descriptor: there may be another file of that name now.
    raw = RawFile.reading(Path(f"/proc/self/fd/{dataset.file.id.get_vfd_handle()}"))
    try:
        # A writer may be at work just where it is read: then the next look will tell.
        with suppress(OSError, RuntimeError, KeyError, LongtakeError):
            plain = replace(Superblock.parse(raw.read(0, SIZE)), flags=0)
            end = max(plain.end_of_file, raw.size)
            with h5py.File(Overlay(raw, end, [(0, plain.pack())]), "r") as h5:
                return h5[str(dataset.name)].id.get_offset()
    finally:
        raw.close()
    return None
