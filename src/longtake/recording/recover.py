"""Putting right what a crash left: recordings, and SWMR files of any program."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longtake.errors import (
    DamagedFile,
    FileChangedElsewhere,
    FileInUse,
    LongtakeError,
    NotALongtakeFile,
    NotFound,
)
from longtake.hdf.contents import UNREADABLE, contents
from longtake.hdf.flagged_file import is_flagged, unflagged, writers_of
from longtake.hdf.plain_file import PlainFile, has_journal
from longtake.hdf.raw_file import RawFile
from longtake.hdf.sparse_copy import sparse_copy
from longtake.recording.beginning import record
from longtake.recording.check import check
from longtake.recording.salvage import salvage
from longtake.streams import StreamFileView
from longtake.streams.damaged_view import DamagedStreamView

if TYPE_CHECKING:
    import os
    from collections.abc import Generator


@dataclass(frozen=True)
class RecoverReport:
    """What `recover` did.

    Attributes
    ----------
    source : pathlib.Path
    path : pathlib.Path
        The file that is right now: a copy, or the source itself.
    was_needed : bool
        Whether there was anything to put right.
    kept, lost : tuple of str
        What is in the file, and what of it could not be saved.
    """

    source: Path
    path: Path
    was_needed: bool
    kept: tuple[str, ...]
    lost: tuple[str, ...]

    def verdict(self) -> str:
        """Say in one sentence what was done."""
        if not self.was_needed and not self.lost:
            return f"{self.source} was closed by its writer: there is nothing to put right"
        if not self.was_needed:
            return f"{self.source} was closed by its writer, and is damaged: {self.lost[0]}"
        where = "put right" if self.path == self.source else f"put right in a copy, {self.path}"
        lost = f"lost: {'; '.join(self.lost)}" if self.lost else "nothing was lost"
        return f"{self.source} was {where}; {lost}"

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values, as for JSON."""
        paths = {"source": str(self.source), "path": str(self.path)}
        return asdict(self) | paths | {"verdict": self.verdict()}


def recover(path: str | os.PathLike[str], *, in_place: bool = False) -> RecoverReport:
    """Put a file right that a crash left, and say what was kept and what was lost.

    For recordings this does what going on in them does by itself: a structure change that was cut
    short is finished or undone, and what a power cut tore is taken off the end of each stream. A
    stream that is damaged otherwise is told as lost, and stays as it is. An HDF5 file of any other
    program, which a crash left marked as being written (SWMR), is unmarked, and its true end told,
    so that every program opens it again; what it was cut short by reads as zeros, and is told as
    lost.

    Parameters
    ----------
    path : str or path
    in_place : bool
        Change the file itself. Otherwise a copy, named ``<name>.recovered.h5``, is put right.

    Returns
    -------
    RecoverReport

    Raises
    ------
    FileInUse
        If the file is being written.
    NotFound, AlreadyExists, NoPermission, WriteFailed
        If there is no such file, or the copy cannot be made.
    NotALongtakeFile
        If it is no HDF5 file.
    DamagedFile, FileChangedElsewhere
        If it cannot be put right. A recording has then lost nothing more, and a file of another
        program is as it was.

    Guarantees
    ----------
    Entries that were whole stay as they are. Memory: as of `check`.

    Examples
    --------
    >>> import longtake as lt, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     recording.create_data_stream("game").append(1, "any")
    >>> recover(path).kept
    ('/data_stream/game: 1 entries',)
    """
    source = Path(path)
    if source.is_dir():
        raise NotALongtakeFile(f"{source} is a folder: give the name of a file")
    try:
        raw = RawFile.reading(source)
    except FileNotFoundError as error:
        raise NotFound(error.errno, f"there is no file {source}") from error
    try:
        is_recording, is_marked = has_journal(raw), is_flagged(raw)
    finally:
        raw.close()
    if is_recording:
        return _recover_recording(source, in_place=in_place)
    if is_marked:
        return _recover_flagged(source, in_place=in_place)
    PlainFile(source).close()  # raises if it cannot be read at all
    return RecoverReport(source, source, was_needed=False, kept=contents(source)[0], lost=())


def _recover_recording(source: Path, *, in_place: bool) -> RecoverReport:
    with StreamFileView(source) as view:
        if view.is_being_written:
            raise FileInUse(f"{source} is being written: there is nothing to put right yet")
        was_needed = not view.was_closed
        finish = salvage if _is_damaged(view) else _go_on_and_stop
        before = {
            stream.group: len(stream.sets[0])
            for _, stream in view.streams
            if not isinstance(stream, DamagedStreamView)
        }
    target = source
    if was_needed:
        target = _target(source, in_place=in_place)
        with _told_of_source(target, source):
            finish(target)
    found = check(target)
    lost = []
    for stream in found.streams:
        missing = before.get(stream.path, stream.entries) - stream.entries
        if missing:
            since = "" if stream.last is None else f", those after key {stream.last}"
            lost.append(f"{stream.path}: {missing} of {before[stream.path]} entries{since}")
    lost += [str(problem) for problem in found.problems]
    kept = tuple(
        f"{stream.path}: {stream.entries} entries"
        for stream in found.streams
        if stream.entries or not stream.problems
    )
    return RecoverReport(source, target, was_needed, kept, tuple(lost))


def _is_damaged(view: StreamFileView) -> bool:
    """Whether some stream, or its attributes, cannot be read, so that nobody can go on in it."""
    errors = [view.attribute_error, *(stream.attribute_error for _, stream in view.streams)]
    return bool(view.damaged) or any(error is not None for error in errors)


def _go_on_and_stop(path: Path) -> None:
    record(path, append=True).stop()


def _recover_flagged(source: Path, *, in_place: bool) -> RecoverReport:
    writers = writers_of(source)
    if writers:
        listed = " and ".join(map(str, writers))
        raise FileInUse(f"{source} is being written by process {listed}: wait until it is closed")
    target = _target(source, in_place=in_place)
    with _told_of_source(target, source):
        raw = RawFile.writing(target)
        try:
            with unflagged(raw) as size:
                kept, lost = contents(target, size)
                missing = raw.size - size
        finally:
            raw.close()
    if missing:
        lost = (f"the last {missing} of {size + missing} bytes, which were cut off", *lost)
    return RecoverReport(source, target, was_needed=True, kept=kept, lost=lost)


def _target(source: Path, *, in_place: bool) -> Path:
    if in_place:
        return source
    target = source.with_name(f"{source.stem}.recovered{source.suffix}")
    sparse_copy(source, target)
    return target


@contextmanager
def _told_of_source(target: Path, source: Path) -> Generator[None]:
    """Take a copy away that could not be put right, and say why of the file it was made of."""
    try:
        yield
    except BaseException as error:
        if target != source:
            target.unlink(missing_ok=True)
        if isinstance(error, DamagedFile | FileChangedElsewhere):
            raise type(error)(str(error).replace(str(target), str(source))) from error
        if isinstance(error, LongtakeError) or not isinstance(error, UNREADABLE):
            raise
        if isinstance(error, OSError) and error.errno:
            raise  # the system's, not HDF5's
        raise DamagedFile(f"{source} cannot be put right ({error}): it is damaged") from error
