"""Indexed streams: an index table whose rows say key -> slice, and the data laid end to end."""

from __future__ import annotations

from longtake.streams.data_stream import DataStream
from longtake.streams.data_view import DataStreamView
from longtake.streams.frame_stream import FrameStream
from longtake.streams.frame_view import FrameStreamView
from longtake.streams.record_stream import RecordStream
from longtake.streams.record_view import RecordStreamView
from longtake.streams.stream_file import StreamFile
from longtake.streams.stream_file_view import StreamFileView
from longtake.streams.table_stream import TableStream
from longtake.streams.table_view import TableStreamView

__all__ = [
    "DataStream",
    "DataStreamView",
    "FrameStream",
    "FrameStreamView",
    "RecordStream",
    "RecordStreamView",
    "StreamFile",
    "StreamFileView",
    "TableStream",
    "TableStreamView",
]
