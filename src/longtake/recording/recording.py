"""A recording that goes on: streams of frames, records and anything else, into one file."""

from __future__ import annotations

import datetime
import threading
from contextlib import suppress
from copy import deepcopy
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self

from longtake.errors import (
    InvalidArgument,
    LongtakeError,
    WrongType,
)
from longtake.recording.recording_view import RecordingView
from longtake.recording.stream_collection import StreamCollection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from longtake.streams import DataStream, FrameStream, RecordStream, StreamFile, TableStream

    End = Literal["complete", "aborted"]


class Recording:
    """A file that is being recorded. Made by `record`.

    Guarantees
    ----------
    What `append` of a stream accepts can be read by every other process when it returns, and is
    lost neither by the end of this process nor by that of any other. The file opens in any HDF5
    program at any moment. Threads: streams may be created, and entries appended, in any of them.

    Attributes
    ----------
    path : pathlib.Path
    data_streams, frame_streams, record_streams : StreamCollection
        What was created so far.
    """

    def __init__(self, file: StreamFile) -> None:
        self._file = file
        self.path = file.path
        self._turn = threading.Lock()
        self._takes_more = True  # until just before the file is closed
        self._finished = threading.Event()  # once it is
        self._timer: threading.Timer | None = None
        self._failure: BaseException | None = None
        self.data_streams = StreamCollection("Data Streams", lambda: file.data_streams)
        self.frame_streams = StreamCollection("Frame Streams", lambda: file.frame_streams)
        self.record_streams = StreamCollection("Record Streams", lambda: file.record_streams)

    def __repr__(self) -> str:
        return f"<Recording {str(self.path)!r}, {self.status}>"

    @property
    def status(self) -> Literal["started", "stopped"]:
        """Whether the recording goes on."""
        return "stopped" if self.has_stopped() else "started"

    @property
    def attributes(self) -> dict[str, object]:
        """A copy of the attributes given to the recording so far."""
        return deepcopy(self._file.application)

    def create_data_stream(
        self, name: str, attributes: Mapping[str, object] | None = None
    ) -> DataStream:
        """Add a stream of entries of any shape.

        Parameters
        ----------
        name : str
            Any text without ``/`` and NUL, of at most 255 bytes, not used by another.
        attributes : mapping of str, optional
            Plain values to keep with the stream.

        Raises
        ------
        AlreadyExists
            If there is a data stream of that name.
        InvalidArgument, WrongType
            If the name or an attribute cannot be stored.
        Closed
            If the recording has stopped.
        """
        return self._file.create_data_stream(name, attributes)

    def create_frame_stream(
        self,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype | str | type,
        attributes: Mapping[str, object] | None = None,
        *,
        checksum: bool = True,
    ) -> FrameStream:
        """Add a stream of arrays of one shape and dtype: a camera, a block of samples.

        Parameters
        ----------
        name, attributes
            As of `create_data_stream`.
        shape : sequence of int
        dtype : dtype
            Of numbers or booleans.
        checksum : bool
            Whether frames carry a checksum. Without, appending large ones is a little faster, and
            after a power cut a torn frame cannot be told from a whole one.

        Raises
        ------
        AlreadyExists, InvalidArgument, WrongType, Closed
            As of `create_data_stream`; also if such frames cannot be stored.
        """
        return self._file.create_frame_stream(name, shape, dtype, attributes, checksum=checksum)

    def create_record_stream(
        self,
        name: str,
        columns: Mapping[str, Any],
        attributes: Mapping[str, object] | None = None,
    ) -> RecordStream:
        """Add a stream of typed rows, any number of them (also none) for each key.

        Each column is a dataset of its own. For one compound table: `create_table_stream`.

        Parameters
        ----------
        name, attributes
            As of `create_data_stream`.
        columns : mapping of str to dtype
            The type of each column: numbers, booleans, or bytes of a fixed length.

        Raises
        ------
        AlreadyExists, InvalidArgument, WrongType, Closed
            As of `create_data_stream`; also if a column cannot be stored.
        """
        return self._file.create_record_stream(name, columns, attributes)

    def create_table_stream(
        self,
        name: str,
        dtype: np.dtype | list,
        attributes: Mapping[str, object] | None = None,
    ) -> TableStream:
        """Add a stream of typed rows that are kept in one compound table.

        Parameters
        ----------
        name, attributes
            As of `create_data_stream`.
        dtype : structured dtype

        Raises
        ------
        AlreadyExists, InvalidArgument, WrongType, Closed
            As of `create_data_stream`; also if the dtype cannot be stored.
        """
        return self._file.create_table_stream(name, dtype, attributes)

    def set_attribute(self, name: str, value: object) -> None:
        """Set one attribute of the recording; others see it when this returns."""
        self._file.update_attributes({name: value})

    def update_attributes(self, updates: Mapping[str, object]) -> None:
        """Set several attributes of the recording at once; others see them when this returns."""
        self._file.update_attributes(updates)

    def stop(self) -> None:
        """Finish the recording; when this returns, the file is closed. Stopping twice is allowed.

        Raises
        ------
        LongtakeError
            If the file could not be finished. All that was appended is in it nevertheless.
        """
        self._stop("complete")

    def has_stopped(self) -> bool:
        """Whether the recording takes nothing more.

        Its file may be about to be closed still: see `wait_until_stopped`.
        """
        return not self._takes_more

    def stop_after_seconds(self, seconds: float) -> None:
        """Have the recording stopped after so long, from now.

        Raises
        ------
        InvalidArgument, WrongType
            If that is no time.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, Real):
            raise WrongType(f"a recording is stopped after some seconds, not {seconds!r}")
        if not 0 <= seconds < threading.TIMEOUT_MAX:
            raise InvalidArgument(f"a recording cannot be stopped after {seconds!r} seconds")
        with self._turn:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(float(seconds), self._stop_in_time)
            self._timer.daemon = True
            self._timer.start()

    def wait_until_stopped(self, timeout: float | None = None) -> bool:
        """Wait until the file is closed, or for `timeout` seconds; say if it is.

        Raises
        ------
        InvalidArgument
            If nothing will stop it: no `stop_after_seconds`, and no timeout.
        LongtakeError
            What went wrong: why the file could not be finished; or why a session could not go on
            recording, as when its source failed.
        """
        if timeout is None and not self._will_stop():
            raise InvalidArgument(
                f"nothing will stop the recording of {self.path}: call stop(), or "
                "stop_after_seconds() before waiting"
            )
        finished = self._finished.wait(timeout)
        if self._failure is not None:
            raise self._failure
        return finished

    def open(self) -> RecordingView:
        """Open the recording to read, also while it goes on."""
        return RecordingView(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop("complete" if kind is None else "aborted")

    def _will_stop(self) -> bool:
        return self._timer is not None or self.has_stopped()

    def _stop_in_time(self) -> None:
        with suppress(LongtakeError):  # who waits is told
            self._stop("complete")

    def _stop(self, end: End) -> None:
        with self._turn:
            if self._finished.is_set():
                return
            self._takes_more = False  # who asks before each append is not refused one
            if self._timer is not None:
                self._timer.cancel()
            state = end if self._file.was_clean else "recovered"
            try:
                self._file.close({"state": state} | self._last_attributes())
            except BaseException as error:  # told to who waits, too
                self._failure = self._failure or error
                raise
            finally:
                self._finished.set()

    def _last_attributes(self) -> dict[str, Any]:
        """Give what the root of the file says besides, once it is over."""
        now = datetime.datetime.now().astimezone()
        return {
            "ended_utc": now.astimezone(datetime.UTC).isoformat(timespec="milliseconds"),
            "ended_localtime": now.isoformat(timespec="milliseconds"),
        }
