"""The HDF5 file under a Pandas-layout store: its changes whole or not at all, its filters."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import h5py

from longtake.errors import (
    Closed,
    FileInUse,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    WriteFailed,
)
from longtake.framewise.foreign_errors import HDF5_ERRORS, in_one_line, reading
from longtake.framewise.pandas_open import open_file
from longtake.hdf.attributes import write_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

_MODES = ("a", "w", "r", "r+")
_ROOT = {"CLASS": "GROUP", "PYTABLES_FORMAT_VERSION": "2.1", "TITLE": "", "VERSION": "1.0"}
#: What a change may take besides its rows: names, attributes, chunks that are not full.
_ROOM = 1 << 19


class PandasFile:
    """One open HDF5 file that PyTables can read, written through HDF5 itself."""

    def __init__(
        self, filename: str | os.PathLike[str], mode: str, options: Mapping[str, object]
    ) -> None:
        if mode not in _MODES:
            raise InvalidArgument(f"mode={mode!r} is none of {', '.join(map(repr, _MODES))}")
        self.path = Path(filename).absolute()
        self.complevel = _complevel(options)
        self.writable = mode != "r"
        self._lost = ""  # what could be neither written nor taken back
        try:
            if self.writable:
                _require_no_writer(self.path)
            self._file: h5py.File | None = open_file(self.path, mode)
        except PermissionError as error:
            deed = "written" if self.writable else "read"
            raise NoPermission(
                error.errno,
                f"{self.path} may not be {deed} by this user: {error.strerror or error}",
            ) from error
        if self.writable:
            _writers[_identity(self.path)] = self
            try:
                self._mark()
            except BaseException:
                self.close()
                raise

    def _mark(self) -> None:
        """Say in a new file that PyTables can read it; written at once, for others to see."""
        with self.reading("its content"):
            is_new = len(self.root) == 0
        if is_new:
            with self.changing("its first attributes"):
                for name, value in _ROOT.items():
                    write_attribute(self.root, name, value)

    @property
    def root(self) -> h5py.File:
        """The open file."""
        if self._file is None:
            raise Closed(f"{self.path} was closed; open the store again")
        return self._file

    @contextmanager
    def changing(self, what: str, size: int = 0, room: int = _ROOM) -> Iterator[ExitStack]:
        """Make a change of several steps: whole and in the file when it ends, or not at all.

        Each step adds to the stack that is given how it is taken back; that is done if a later one
        fails. Disk space for `size` bytes of rows, and `room` for what describes them, is taken
        before the first step, since HDF5 cannot go on after it met a full disk.

        Raises
        ------
        InvalidArgument
            If the file was opened for reading.
        WriteFailed
            If `what` could not be written; or an earlier change could not be taken back.
        """
        self._require_writable(what)
        undo = ExitStack()
        try:
            self._reserve(2 * size + room)
            yield undo
            self.root.flush()
        except BaseException as error:  # an interrupt too must not leave half of a change
            self._take_back(undo, what)
            if isinstance(error, LongtakeError) or not isinstance(error, HDF5_ERRORS):
                raise
            raise WriteFailed(
                f"{self.path}: {what} could not be written: {in_one_line(error)}"
            ) from error

    def _require_writable(self, what: str) -> None:
        if not self.writable:
            raise InvalidArgument(
                f"{self.path} was opened for reading (mode='r'): {what} cannot be written"
            )
        if self._lost:
            raise WriteFailed(f"{self.path}: {what} was not written, because earlier {self._lost}")

    def _take_back(self, undo: ExitStack, what: str) -> None:
        try:
            undo.close()
            self.root.flush()
        except (LongtakeError, *HDF5_ERRORS, MemoryError) as error:
            self._lost = (
                f"{what} could be neither written nor taken back ({in_one_line(error)}): close the "
                "store, and see which frames are left"
            )

    def _reserve(self, size: int) -> None:
        descriptor = self.root.id.get_vfd_handle()
        before = os.fstat(descriptor).st_size
        try:
            os.posix_fallocate(descriptor, self.root.id.get_filesize(), size)
        except OSError as error:
            os.ftruncate(descriptor, before)
            raise OSError(f"{error.strerror}; free some space, and put it again") from error

    def reading(self, what: str) -> AbstractContextManager[None]:
        """Name what was being read in an error of HDF5's."""
        return reading(self.path, what)

    def table_properties(self, chunk_rows: int) -> h5py.h5p.PropDCID:
        """Give the creation properties of a table: chunk length, filters, attributes kept close."""
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((chunk_rows,))
        properties.set_obj_track_times(False)
        properties.set_attr_phase_change(*_COMPACT)
        if self.complevel:
            properties.set_shuffle()
            properties.set_deflate(self.complevel)
        return properties

    def group_properties(self) -> h5py.h5p.PropGCID:
        """Give the creation properties of a group: attributes kept close."""
        properties = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
        properties.set_obj_track_times(False)
        properties.set_attr_phase_change(*_COMPACT)
        return properties

    def close(self) -> None:
        """Close the file; closing twice is allowed.

        Raises
        ------
        WriteFailed
            If HDF5 could not close it, or a change before could be neither written nor taken back.
        """
        file, self._file = self._file, None
        if file is None:
            return
        try:
            try:
                if self.writable:
                    _give_back_reserve(file)
            finally:
                file.close()
        except (OSError, RuntimeError) as error:
            raise WriteFailed(f"{self.path} could not be closed: {in_one_line(error)}") from error
        if self._lost:
            raise WriteFailed(f"{self.path} is not whole: {self._lost}")

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file is None


#: Keep up to so many attributes in the object's header, rather than in a heap of their own.
_COMPACT = (1024, 512)


def _give_back_reserve(file: h5py.File) -> None:
    file.flush()
    descriptor, size = file.id.get_vfd_handle(), file.id.get_filesize()
    if os.fstat(descriptor).st_size > size:
        os.ftruncate(descriptor, size)


def _complevel(options: Mapping[str, object]) -> int:
    unknown = sorted(set(options) - {"complevel", "complib"})
    if unknown:
        raise InvalidArgument(
            f"{unknown[0]}= is not known here; of HDFStore's keywords complevel= and "
            "complib='zlib' are"
        )
    complib = options.get("complib")
    level = options.get("complevel")
    if complib not in {None, "zlib"}:
        raise InvalidArgument(f"complib={complib!r} is not written here; complib='zlib' is")
    if level is None:
        return 0
    if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= 9:
        raise InvalidArgument(f"complevel={level!r} is not a whole number from 0 to 9")
    return level


#: Who writes which file. HDF5 keeps other processes out, but opens a file twice in one process,
#: where each store would then write over what it does not know of the other's.
_writers: WeakValueDictionary[tuple[int, int], PandasFile] = WeakValueDictionary()


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _require_no_writer(path: Path) -> None:
    writer = _writers.get(_identity(path)) if path.exists() else None
    if writer is not None and not writer.closed:
        raise FileInUse(
            f"{path} is open for writing in this process already: close that store first"
        )
