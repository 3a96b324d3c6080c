"""Whether a writer ended without closing its file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from longtake.follow.keys.stored_bytes import has_descriptor
from longtake.hdf.flagged_file import is_flagged, writers_of
from longtake.hdf.raw_file import RawFile

if TYPE_CHECKING:
    from longtake.follow.keys.live_dataset import FollowedDataset


def was_left(dataset: FollowedDataset) -> bool:
    """Whether the file of a dataset is marked as being written, and nobody has it open to write.

    False where that cannot be known: of processes of other users, or on other machines, the
    system does not tell who has a file open.
    """
    if not isinstance(dataset, h5py.Dataset) or not has_descriptor(dataset):
        return False
    path = Path(f"/proc/self/fd/{dataset.file.id.get_vfd_handle()}")
    if path.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        return False
    raw = RawFile.reading(path)
    try:
        return is_flagged(raw) and not writers_of(path)
    finally:
        raw.close()
