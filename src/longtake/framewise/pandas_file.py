"""The HDF5 file under a Pandas-layout store: opening it, its filters, its errors."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import h5py

from longtake.errors import (
    Closed,
    DamagedFile,
    FileInUse,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    NotALongtakeFile,
    NotFound,
    WriteFailed,
)
from longtake.hdf import journal
from longtake.hdf.attributes import write_attribute

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: How HDF5 says that it lacks the code of a filter, such as LZO's, or any place to look for it.
_NO_FILTER = ("is not registered", "can't open directory")
_MODES = ("a", "w", "r", "r+")
_ROOT = {"CLASS": "GROUP", "PYTABLES_FORMAT_VERSION": "2.1", "TITLE": "", "VERSION": "1.0"}


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
        try:
            if self.writable:
                _require_no_writer(self.path)
            self._file: h5py.File | None = _open(self.path, mode)
        except PermissionError as error:
            deed = "written" if self.writable else "read"
            raise NoPermission(
                error.errno,
                f"{self.path} may not be {deed} by this user: {error.strerror or error}",
            ) from error
        if self.writable:
            _writers[_identity(self.path)] = self
        if self.writable and len(self._file) == 0:
            with self.writing("its first attributes"):
                for name, value in _ROOT.items():
                    write_attribute(self._file, name, value)
                # Until then the file is empty on disk, and no other process can tell what it is.
                self._file.flush()

    @property
    def root(self) -> h5py.File:
        """The open file."""
        if self._file is None:
            raise Closed(f"{self.path} was closed; open the store again")
        return self._file

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Name what was being written in an error of HDF5's."""
        if not self.writable:
            raise InvalidArgument(
                f"{self.path} was opened for reading (mode='r'): {what} cannot be written"
            )
        try:
            yield
        except LongtakeError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise WriteFailed(f"{self.path}: {what} could not be written: {error}") from error

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Name what was being read in an error of HDF5's."""
        try:
            yield
        except LongtakeError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
            if any(words in str(error) for words in _NO_FILTER):
                raise InvalidArgument(
                    f"{self.path}: {what} is compressed in a way that is not known here: write "
                    "the file anew with PyTables, as with ptrepack --complib=zlib --complevel=5 "
                    f"--overwrite-nodes ({error})"
                ) from error
            raise DamagedFile(f"{self.path}: {what} cannot be read: {error}") from error

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
        """Close the file; closing twice is allowed."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except (OSError, RuntimeError) as error:
            raise WriteFailed(f"{self.path} could not be closed: {error}") from error

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file is None


#: Keep up to so many attributes in the object's header, rather than in a heap of their own.
_COMPACT = (1024, 512)


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


def _open(path: Path, mode: str) -> h5py.File:
    # PyTables has filters that HDF5 lacks; imported, this lends them to h5py.
    import hdf5plugin  # noqa: F401

    access = _access(path, mode)
    try:
        if access == "w" and path.exists() and path.stat().st_size:
            _require_unused(path)
        return h5py.File(path, access, libver=("v110", "v110"))
    except BlockingIOError as error:
        raise FileInUse(f"{path} is open in another process: close it there first") from error
    except PermissionError:
        raise
    except OSError as error:
        if "already open" in str(error):
            raise FileInUse(f"{path} is open already: close it there first") from error
        if access == "w":
            raise WriteFailed(f"{path} could not be made: {error}") from error
        raise DamagedFile(f"{path} cannot be opened: {error}") from error


def _access(path: Path, mode: str) -> str:
    """Give h5py's mode, or say why the file cannot be opened in ours."""
    exists = path.exists()
    if not exists and mode in {"r", "r+"}:
        raise NotFound(f"there is no file {path}")
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {path.parent} for {path.name}")
    if path.is_dir():
        raise InvalidArgument(f"{path} is a folder")
    if exists and path.stat().st_size:
        _require_hdf5(path)
        _require_foreign(path)
        return {"r": "r", "w": "w"}.get(mode, "r+")
    if mode == "r":
        raise NotALongtakeFile(f"{path} is empty")
    return "w"


def _require_unused(path: Path) -> None:
    # HDF5 empties a file that is made anew before it asks whether another process has it open.
    try:
        h5py.File(path, "r+").close()
    except (BlockingIOError, PermissionError):
        raise
    except OSError:
        pass  # damaged; the new file will take its place


def _require_hdf5(path: Path) -> None:
    # HDF5 looks for its signature at 0, 512, 1024, 2048, …: a user's block may come before it.
    with path.open("rb") as file:
        size = path.stat().st_size
        at = 0
        while at < size:
            file.seek(at)
            if file.read(8) == _SIGNATURE:
                return
            at = at * 2 or 512
    raise NotALongtakeFile(f"{path} is not an HDF5 file; it was left as it is")


def _require_foreign(path: Path) -> None:
    # Looked for in the bytes, since after a crash HDF5 may not be able to open the file.
    with path.open("rb") as file:
        for at in (journal.OFFSET, journal.OFFSET + journal.SLOT_SIZE):
            file.seek(at)
            if file.read(len(journal.MAGIC)) == journal.MAGIC:
                raise InvalidArgument(
                    f"{path} is a file of longtake's own, which other tables would spoil: open "
                    "it with FramewiseStore, or choose another file"
                )
