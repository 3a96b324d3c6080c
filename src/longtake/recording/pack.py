"""Packing a recording: a compressed copy for the archive, which every reader here still reads."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import h5py
import numpy as np

from longtake.errors import DamagedFile, InvalidArgument, LongtakeError
from longtake.hdf import creation, finished, layout
from longtake.hdf.attributes import write_attribute
from longtake.hdf.compressed_copy import Codec, CompressedCopy
from longtake.recording.check import CheckReport, check
from longtake.recording.recording_view import state_of
from longtake.streams import StreamFileView

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from longtake.hdf import GrowingDataset


@dataclass(frozen=True)
class PackReport:
    """What `pack` made.

    Attributes
    ----------
    path, output : pathlib.Path
    bytes_before, bytes_after : int
        On disk.
    found : CheckReport
        Of the copy, whose every entry was read again. Its problems are those of the original.
    lost : tuple of str
        What is not in the copy: references of other programs to what no copy can refer to.
    """

    path: Path
    output: Path
    bytes_before: int
    bytes_after: int
    found: CheckReport
    lost: tuple[str, ...] = ()

    def verdict(self) -> str:
        """Say in one sentence what was made."""
        entries, count = self.found.entries, len(self.found.streams)
        text = (
            f"{self.output} has all of {self.path}, verified ({entries} entries in {count} "
            f"streams): {self.bytes_after} bytes instead of {self.bytes_before}"
        )
        if self.lost:
            first, *others = self.lost
            more = f", and {len(others)} more" if others else ""
            text = f"{text}; not copied: {first}{more}"
        if self.found.is_whole:
            return text
        return f"{text}; what was damaged is so still: {self.found.problems[0]}"

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values, as for JSON."""
        return {
            "path": str(self.path),
            "output": str(self.output),
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "found": self.found.to_dict(),
            "lost": list(self.lost),
            "verdict": self.verdict(),
        }


def pack(
    path: str | os.PathLike[str], output: str | os.PathLike[str], *, codec: Codec = "zstd"
) -> PackReport:
    """Copy a recording to a compressed file, and read every entry of it again.

    Parameters
    ----------
    path : str or path
        A recording: finished, left by a crash, of the CL SDK; also one that is being written, of
        which the copy has what there is now.
    output : str or path
        The file to make; the name must be free.
    codec : {"zstd", "gzip"}
        Blosc2's zstd of level 1 on shuffled bytes, which h5py reads once hdf5plugin is imported;
        or gzip, larger and slower, which every HDF5 program reads.

    Returns
    -------
    PackReport

    Raises
    ------
    NotFound, NotALongtakeFile, FileInUse
        As of `check`, for `path`.
    AlreadyExists, NoPermission, WriteFailed
        If the output cannot be made.
    DamagedFile
        If a part of the recording cannot be read.

    Guarantees
    ----------
    The output appears whole and verified, or not at all; the recording is not touched. What cannot
    be copied is told in the report (recordings have nothing of the kind). The output is a
    plain HDF5 file of the same layout, and `longtake.open` reads it. Nothing can be appended to
    it. Memory: some megabytes, 8 bytes a key of record streams, and the largest row of data.

    Examples
    --------
    >>> import longtake as lt, tempfile, os
    >>> folder = tempfile.mkdtemp()
    >>> path, packed = os.path.join(folder, "run.h5"), os.path.join(folder, "packed.h5")
    >>> with lt.record(path) as recording:
    ...     recording.create_data_stream("game").append(1, "any")
    >>> pack(path, packed).found.is_whole, lt.open(packed).data_streams.game[1]
    (True, 'any')
    """
    source, target = Path(path), Path(output)
    if codec not in get_args(Codec):
        raise InvalidArgument(f"codec={codec!r} is none of {', '.join(get_args(Codec))}")
    with (
        StreamFileView(source) as view,
        creation.drafted(target) as draft,
        _damage_told(source),
    ):
        with view.structure() as old, h5py.File(draft, "w", libver=("v110", "v110")) as new:
            view.refresh()  # after the structure was opened, so that it has no stream unknown here
            copy = CompressedCopy(view.raw, _in_use(view, old), codec)
            copy.copy(old, new)
            _settle(view, new)
        copy.verify(draft)
        found = replace(check(draft), path=target)
    # On disk, for a recording that is not finished has room ahead that takes no space.
    before, after = (file.stat().st_blocks * 512 for file in (source, target))
    return PackReport(source, target, before, after, found, tuple(copy.lost))


@contextmanager
def _damage_told(source: Path) -> Generator[None]:
    """Turn what h5py raises where HDF5 cannot make sense of a file into one sentence about it."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, LongtakeError) or (isinstance(error, OSError) and error.errno):
            raise  # said already, or the system's, not HDF5's
        raise DamagedFile(
            f"{source} cannot be copied ({error}): it is damaged, or the disk of the copy is full; "
            "nothing was packed"
        ) from error


class _Ones:
    """The reading face of a dataset of which every byte is to be 1."""

    row_shape = ()
    row_bytes = 1

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def read(self, _: int, count: int) -> np.ndarray:
        return np.ones(count, np.uint8)


def _in_use(view: StreamFileView, old: h5py.File) -> dict[str, GrowingDataset]:
    """Give, by path, what differs from what HDF5 shows of it.

    It may have room ahead of its rows; in a closed file nothing has. A frame may be there whose key
    is not, yet. And nothing will come to the copy: for those who follow it, it is finished.
    """
    shown: dict[str, Any] = {}
    if not view.was_closed:
        shown |= {dataset.path: dataset for dataset in view.datasets}
        sets = [columns for _, stream in view.streams for columns in stream.sets]
        shown |= {s.keys.path: _Ones(s.keys.rows) for s in sets if s.keys is not None}
    flag = finished.flag_of(old)
    if flag is not None:
        shown[str(flag.name)] = _Ones(1)
    return shown


def _settle(view: StreamFileView, new: h5py.File) -> None:
    """Write what the close of the recording would have written."""
    if "state" in new.attrs:
        write_attribute(new, "state", state_of(view))
    if view.has_updates:
        write_attribute(new, "application", view.application)
        known = [stream for _, stream in view.streams if stream.group in new]
        for stream in known:
            write_attribute(layout.group_at(new, stream.group), "application", stream.application)
