"""Whether a writer closed its file, or ended without."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from longtake.errors import NotALongtakeFile
from longtake.follow.keys.stored_bytes import has_descriptor
from longtake.hdf.flagged_file import writers_of
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock

if TYPE_CHECKING:
    from longtake.follow.keys.live_dataset import FollowedDataset

#: The first version of the superblock that has the mark.
_MARKED = 3


def was_left(dataset: FollowedDataset) -> bool:
    """Whether the file of a dataset is marked as being written, and nobody has it open to write.

    False where that cannot be known: of processes of other users, or on other machines, the
    system does not tell who has a file open.
    """
    return _mark_of_unwritten(dataset) is True


def was_closed(dataset: FollowedDataset) -> bool:
    """Whether the writer of the file of a dataset, which wrote it in SWMR mode, has closed it.

    It is not marked as being written, then, and nobody has it open to write. False where that
    cannot be known, as of files whose format has no such mark.
    """
    return _mark_of_unwritten(dataset) is False


def _mark_of_unwritten(dataset: FollowedDataset) -> bool | None:
    """Give whether a file that nobody writes is marked as being written; None if it is unknown."""
    if not isinstance(dataset, h5py.Dataset) or not dataset or not has_descriptor(dataset):
        return None
    path = Path(f"/proc/self/fd/{dataset.file.id.get_vfd_handle()}")
    if path.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        return None
    raw = RawFile.reading(path)
    try:
        head = Superblock.parse(raw.read(0, SIZE))
        return None if head.version < _MARKED or writers_of(path) else head.flags != 0
    except NotALongtakeFile:  # of an older format, or just being written
        return None
    finally:
        raw.close()
