"""Bytes and HDF5: a plain file, appended to in place, while anybody reads it."""

from __future__ import annotations

from longtake.hdf.dataset import GrowingDataset
from longtake.hdf.live_file import LiveFile
from longtake.hdf.snapshot import Snapshot

__all__ = ["GrowingDataset", "LiveFile", "Snapshot"]
