"""HDF5 files without a structure journal: packed ones, and recordings of other programs.

Nobody appends to them in place, so they are read through HDF5 itself, which undoes filters.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, cast

import h5py
import numpy as np

from longtake.errors import Closed, DamagedFile, NotALongtakeFile, NotFound
from longtake.hdf import journal, superblock
from longtake.hdf.foreign_filters import make_readable
from longtake.hdf.raw_file import RawFile
from longtake.hdf.snapshot import Snapshot
from longtake.hdf.writer_of_other import in_use_or_left

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longtake.hdf.dataset import GrowingDataset

_CHUNK_CACHE = 16 * 1024 * 1024
#: A read of more than this is made only if the file is as large: it could be a trap of zeros.
_UNASKED = 1024 * 1024 * 1024


def open_to_read(path: Path) -> Snapshot | PlainFile:
    """Open a file to read only: one that is appended to in place, or any other HDF5 file.

    Raises
    ------
    NotFound, NoPermission
        If there is no such file, or it may not be read.
    NotALongtakeFile
        If it is no HDF5 file.
    FileInUse
        If another HDF5 program is writing it.
    DamagedFile
        If it was left by a crash of such a program, or cannot be read.
    """
    if path.is_dir():
        raise NotALongtakeFile(f"{path} is a folder: give the name of a file")
    snapshot = Snapshot(path)
    if has_journal(snapshot.raw):
        return snapshot
    snapshot.close()
    return PlainFile(path)


def has_journal(raw: RawFile) -> bool:
    """Whether a file has a structure journal where longtake's have it."""
    places = (journal.OFFSET, journal.OFFSET + journal.SLOT_SIZE)
    return any(raw.read(place, len(journal.MAGIC)) == journal.MAGIC for place in places)


class PlainFile:
    """Reads what a closed HDF5 file holds; the same face as a `Snapshot` of a live one."""

    is_being_written = False
    was_closed = True
    generation = 0
    applied_generation = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.raw = RawFile.reading(path)
        except FileNotFoundError as error:
            raise NotFound(error.errno, f"there is no file {path}") from error
        try:
            self.h5 = self.structure()
        except BaseException:
            self.raw.close()
            raise

    def has_moved(self, generation: int) -> bool:  # noqa: ARG002
        """No: nobody writes it."""
        return False

    def structure(self) -> h5py.File:
        """Open the file with h5py."""
        try:
            return h5py.File(self.path, "r", rdcc_nbytes=_CHUNK_CACHE)
        except (OSError, RuntimeError) as error:
            raise self._refusal(error) from error

    @contextmanager
    def look(self) -> Iterator[Self]:
        """Give the file, to learn of its datasets; the same face as a `Structure`."""
        yield self

    def dataset(self, dataset: h5py.Dataset, known: GrowingDataset | None = None) -> GrowingDataset:
        """Give the reading face of a dataset of this file, which does not grow."""
        if known is not None:
            return known
        # It has the half of a GrowingDataset that reads; nobody writes where there is no journal.
        stored = StoredDataset(self.raw, cast("h5py.Dataset", self.h5[str(dataset.name)]))
        return cast("GrowingDataset", stored)

    def close(self) -> None:
        """Give the file back."""
        self.h5.close()
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refusal(self, error: Exception) -> Exception:
        known = in_use_or_left(self.path, error)
        if known is not None:
            return known
        if self.raw.read(0, 8) != superblock.SIGNATURE:
            return NotALongtakeFile(
                f"{self.path} was not made by longtake: it is not an HDF5 file; give the name of a "
                "recording"
            )
        return DamagedFile(
            f"{self.path} cannot be read ({error}): it is damaged, or was cut short in a copy"
        )


class StoredDataset:
    """Rows of a dataset of any layout and filters, read through HDF5.

    Parameters
    ----------
    raw : RawFile
        Of the file, to name it in errors.
    dataset : h5py.Dataset
        Stays open as long as its file.
    """

    def __init__(self, raw: RawFile, dataset: h5py.Dataset) -> None:
        self.raw = raw
        self.path = str(dataset.name)
        if not dataset.shape:
            raise DamagedFile(f"{raw.path}: {self.path} has no rows that an index could point at")
        if dataset.is_virtual or dataset.external:
            raise DamagedFile(f"{raw.path}: {self.path} is kept in other files, which are not read")
        self.dtype = dataset.dtype
        self.row_shape = dataset.shape[1:]
        self.row_bytes = self.dtype.itemsize * int(np.prod(self.row_shape, dtype=object))
        self.capacity = int(dataset.shape[0])
        self.rows = 0
        self._dataset = dataset
        make_readable(dataset.id.get_create_plist())

    def __repr__(self) -> str:
        return f"<StoredDataset {self.path}: {self.rows} of {self.capacity} rows>"

    @property
    def is_table(self) -> bool:
        """Whether a row has fields."""
        return self.dtype.names is not None

    @property
    def stored_bytes(self) -> int:
        """What its rows take in the file, as the file says: compressed, if they are."""
        return int(self._dataset.id.get_storage_size())

    def read(self, row: int, count: int) -> np.ndarray:
        """Give `count` rows from `row` as a new array."""
        length = count * self.row_bytes
        if length > _UNASKED and length > self.raw.size:
            raise DamagedFile(
                f"{self.raw.path}: {length} bytes of {self.path} were asked for, more than the "
                "whole file has"
            )
        try:
            return self._dataset[row : row + count]
        except (OSError, RuntimeError, ValueError) as error:
            if self.raw.is_closed:
                raise Closed(f"{self.raw.path} was closed; open it again") from error
            raise DamagedFile(
                f"{self.raw.path}: {self.path} cannot be read at row {row} ({error}): it is "
                "damaged there"
            ) from error

    def read_bytes(self, row: int, count: int) -> bytes:
        """Give the bytes of `count` rows from `row`."""
        return self.read(row, count).tobytes()

    def read_into(self, row: int, rows: np.ndarray) -> None:
        """Fill a contiguous array with rows from `row`."""
        rows[...] = self.read(row, len(rows))
