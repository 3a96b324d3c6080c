"""Recording what another program writes, from its file, while it writes it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import h5py

from longtake.errors import InvalidArgument, NotALongtakeFile, NotFound
from longtake.follow.keys.data_source import DataSource
from longtake.follow.keys.left_file import was_closed
from longtake.follow.keys.scan_layout import find_scan
from longtake.hdf.foreign_filters import make_readable
from longtake.recording import record

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy as np

    from longtake.follow.keys.live_dataset import FollowedDataset
    from longtake.follow.keys.scan_point import ScanPoint
    from longtake.streams import FrameStream, RecordStream

#: The stream of what is one number at each point.
POINTS = "points"
#: A moment: then it can be asked to stop.
_TURN_S = 0.2


class ScanRecording:
    """Copies a scan into a recording as it is written: a stream for each dataset of frames.

    Datasets of one number for each point are the columns of one record stream, `POINTS`. All keys
    are the numbers of points, in C order. A recording of the same scan is gone on with: each
    stream from where it ended.

    Parameters
    ----------
    source : str or path
        A file with key datasets, that another program writes in SWMR mode, or has written.
    path : str or path
        The recording to make, or to go on with.
    keys, finished, data
        Paths of datasets in the source; by default they are found: see `find_scan`.

    Attributes
    ----------
    points : int
        How many points were recorded, in all.
    streams : list of str
        The names of the frame streams.

    Raises
    ------
    NotFound, NotALongtakeFile
        If there is no source, or it is no HDF5 file that can be opened.
    CannotFollow
        If its datasets do not tell what to record.
    InvalidArgument
        If the recording is of something else.
    LongtakeError
        As of `longtake.record`.

    Guarantees
    ----------
    Order: ascending, each point once, none left out, however often it is stopped or killed, and
    begun again. Memory: does not grow with the scan.

    Examples
    --------
    >>> import h5py, longtake as lt, numpy as np, tempfile, os
    >>> folder = tempfile.mkdtemp()
    >>> scan, copy = os.path.join(folder, "scan.h5"), os.path.join(folder, "copy.h5")
    >>> with h5py.File(scan, "w", libver="latest") as file:
    ...     file["keys"], file["finished"] = np.array([1, 2]), 1
    ...     file["camera"], file["angle"] = np.arange(40).reshape(2, 4, 5), [0.5, 0.75]
    >>> with ScanRecording(scan, copy) as recording:
    ...     while (why := recording.take()) != "finished":
    ...         print(why)
    >>> with lt.open(copy) as view:
    ...     view.frame_streams.camera[0:].shape, view.record_streams.points[1]["angle"]
    ((2, 4, 5), array([0.75]))
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        path: str | os.PathLike[str],
        *,
        keys: Sequence[str] = (),
        finished: str | None = None,
        data: Sequence[str] = (),
    ) -> None:
        self._h5 = _open(Path(source))
        try:
            if "longtake_version" in self._h5.attrs:
                raise InvalidArgument(
                    f"{source} is a recording of longtake's own: follow it (`longtake follow`), or "
                    "copy it (`longtake pack`)"
                )
            self._layout = find_scan(self._h5, keys, finished, data)
            for dataset in self._layout.data.values():
                make_readable(dataset.id.get_create_plist())
            self._source = DataSource(
                cast("list[FollowedDataset]", self._layout.keys),
                cast("dict[str, FollowedDataset]", self._layout.data),
                _TURN_S,
                cast("FollowedDataset | None", self._layout.finished),
            )
            self._begin(Path(source), Path(path))
        except BaseException:
            self._h5.close()
            raise

    @property
    def points(self) -> int:
        """How many points were recorded, in all."""
        return self._source.key_follower.current_key + 1

    @property
    def lag(self) -> int:
        """How many more are there, as far as was looked."""
        keys = self._source.key_follower
        return keys.current_max - keys.current_key

    def take(self) -> Literal["finished", "complete", "closed", "more", "nothing", "died"]:
        """Record what there is, for a moment, and say why it stopped.

        Returns
        -------
        {"finished", "complete", "closed", "more", "nothing", "died"}
            The writer said that it is done; all points are there that the scan can have; there is
            nothing by which to say so, and the writer closed its file; the moment is over; nothing
            came in it; or nothing can come, for the writer ended without closing its file.
        """
        # Asked first: what was written before is seen.
        is_closed = self._layout.finished is None and was_closed(self._layout.keys[0])
        end = monotonic() + _TURN_S
        for point in self._source:
            self._store(point)
            if monotonic() >= end:
                return "more"
        keys = self._source.key_follower
        if keys.finished_set:
            return "finished"
        if keys.are_keys_complete() and not self.lag:  # frames may come after their keys
            return "complete"
        if is_closed and not self.lag:
            return "closed"
        return "died" if keys.writer_died else "nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._h5.close()
        self._recording.__exit__(*raised)

    def _begin(self, source: Path, path: Path) -> None:
        about = {"source": source.name, "datasets": list(self._layout.data)}
        self._recording = record(path, append=True)
        try:
            self._require_same(about, path)
            self._make_streams()
        except BaseException:
            self._recording.stop()
            raise

    def _require_same(self, about: dict[str, object], path: Path) -> None:
        """Note what is recorded; refuse a recording of something else."""
        known = self._recording.attributes.get("scan")
        is_new = known is None and _is_empty(self._recording)
        if not is_new and known != about:
            raise InvalidArgument(
                f"{path} is no recording of these datasets of {about['source']}: record to a new "
                "file"
            )
        if is_new:
            self._recording.set_attribute("scan", about)

    def _make_streams(self) -> None:
        layout = self._layout
        rank = layout.scan_rank
        of_frames = {name: d for name, d in layout.data.items() if d.shape[rank:]}
        of_points = {name: d for name, d in layout.data.items() if not d.shape[rank:]}
        names = _names(list(layout.data))
        self._frames = {
            name: self._frame_stream(names[name], dataset.shape[rank:], dataset, name)
            for name, dataset in of_frames.items()
        }
        self.streams = [names[name] for name in of_frames]
        self._columns = {name: names[name] for name in of_points}
        self._table = self._points_stream({names[n]: d.dtype for n, d in of_points.items()})
        streams = [*self._frames.values(), *([self._table] if self._table is not None else [])]
        # After a crash, some may have one more than others.
        self._last = {stream.name: _last_key(stream) for stream in streams}
        self._source.go_on_after(min(self._last.values()))

    def _frame_stream(
        self, name: str, shape: tuple[int, ...], dataset: h5py.Dataset, path: str
    ) -> FrameStream:
        if name in self._recording.frame_streams:
            return self._recording.frame_streams[name]
        attributes = {"dataset": path}
        return self._recording.create_frame_stream(name, shape, dataset.dtype, attributes)

    def _points_stream(self, columns: dict[str, np.dtype]) -> RecordStream | None:
        if not columns:
            return None
        if POINTS in self._recording.record_streams:
            return cast("RecordStream", self._recording.record_streams[POINTS])
        return self._recording.create_record_stream(POINTS, columns)

    def _store(self, point: ScanPoint) -> None:
        key, table = point.index, self._table
        for name, stream in self._frames.items():
            if key > self._last[stream.name]:
                stream.append(key, point[name].reshape(stream.shape))
        if table is not None and key > self._last[table.name]:
            table.append(key, {c: point[name].reshape(1) for name, c in self._columns.items()})


def _open(path: Path) -> h5py.File:
    if not path.exists():
        raise NotFound(f"there is no file {path}")
    try:
        return h5py.File(path, "r", swmr=True)
    except (OSError, RuntimeError) as error:
        raise NotALongtakeFile(f"{path} cannot be opened by HDF5 ({error})") from error


def _last_key(stream: FrameStream | RecordStream) -> int:
    last = stream.last_key
    return -1 if last is None else last


def _is_empty(recording: object) -> bool:
    kinds = ("data_streams", "frame_streams", "record_streams")
    return not any(len(getattr(recording, kind)) for kind in kinds)


def _names(paths: list[str]) -> dict[str, str]:
    """Give streams the last part of a path, or all of it where several would have the same."""
    last = [path.rsplit("/", 1)[-1] for path in paths]
    return {
        path: name if last.count(name) == 1 else path.strip("/").replace("/", ".")
        for path, name in zip(paths, last, strict=True)
    }
