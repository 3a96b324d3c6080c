"""Where the results of a function go: a stream of the kind that fits them, keyed alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, LongtakeError, WrongType
from longtake.recording import Recording
from longtake.streams.stream_writer import StreamWriter

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.streams import DataStream, FrameStream, RecordStream, TableStream

    ResultStream = DataStream | FrameStream | RecordStream | TableStream

_KINDS = ("data_streams", "frame_streams", "record_streams")


class Results:
    """Results by key, in a stream that is made when the first one tells of which kind it is.

    Parameters
    ----------
    into : Recording or stream
        The recording to make it in, or the stream itself.
    name : str
        What it is called there.
    about : dict
        What is kept with it, to know it again when more results come.
    """

    def __init__(self, into: Recording | ResultStream, name: str, about: dict[str, object]) -> None:
        self._into = into
        self._name = name
        self._about = about
        self.stream = _known_stream(into, name, about)

    @property
    def path(self) -> Path:
        """The file."""
        return self._into.path

    def __len__(self) -> int:
        return 0 if self.stream is None else len(self.stream)

    @property
    def last_key(self) -> int | None:
        """The key of the last result that is stored, or None."""
        return None if self.stream is None else self.stream.last_key

    def append(self, key: int, result: Any) -> None:
        """Store the next result; when this returns, others can read it, and it stays.

        Raises
        ------
        InvalidArgument, WrongType
            If it is not of the kind, shape or type that the results before it were.
        """
        value = _plain_columns(result)
        try:
            if self.stream is None:
                self.stream = self._made_for(value)
            self.stream.append(key, value)
        except LongtakeError as error:
            error.add_note(f"the result at {key}, for {self._name!r}")
            raise

    def _made_for(self, value: Any) -> ResultStream:
        recording, name, about = self._into, self._name, self._about
        if not isinstance(recording, Recording):
            return recording
        if _is_columns(value):
            types = {column: np.asarray(values).dtype for column, values in value.items()}
            return recording.create_record_stream(name, types, about)
        if isinstance(value, np.ndarray) and value.dtype.names:
            return recording.create_table_stream(name, value.dtype, about)
        if isinstance(value, np.ndarray) and value.ndim:
            return recording.create_frame_stream(name, value.shape, value.dtype, about)
        return recording.create_data_stream(name, about)


def _known_stream(into: Any, name: str, about: dict[str, object]) -> ResultStream | None:
    """Give the stream that results went to before, if they did."""
    if isinstance(into, StreamWriter):
        return into  # pyright: ignore[reportReturnType]
    if not isinstance(into, Recording):
        raise WrongType(
            "results go into a recording (longtake.record), a stream of one, or a file of some "
            f"name, not into {into!r}"
        )
    found = [streams[name] for kind in _KINDS if name in (streams := getattr(into, kind))]
    for stream in found:
        known = {key: stream.application.get(key, "nobody knows what") for key in about}
        if known["function"] != about["function"] or stream.application.get("source") not in {
            None,
            about.get("source"),
        }:
            raise InvalidArgument(
                f"{into.path} has a stream {name!r} already, of {known}, not of {about}: give the "
                "results another name="
            )
    return found[0] if found else None


def _plain_columns(result: Any) -> Any:
    """Give a table of pandas' as columns by name, anything else as it is."""
    if hasattr(result, "to_dict") and hasattr(result, "columns"):
        return {str(column): result[column].to_numpy() for column in result.columns}
    return result


def _is_columns(value: Any) -> bool:
    """Whether a result is rows: columns of equal length by name."""
    if not isinstance(value, Mapping) or not value:
        return False
    columns = list(value.values())
    return (
        all(isinstance(column, np.ndarray) and column.ndim == 1 for column in columns)
        and len(set(map(len, columns))) == 1
    )
