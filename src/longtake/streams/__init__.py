"""Indexed streams: an index table whose rows say key -> slice, and the data laid end to end."""

from __future__ import annotations

from longtake.streams.record_stream import RecordStream
from longtake.streams.record_view import RecordStreamView
from longtake.streams.stream_file import StreamFile, StreamFileView

__all__ = ["RecordStream", "RecordStreamView", "StreamFile", "StreamFileView"]
