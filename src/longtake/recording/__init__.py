"""One file that everything of an experiment goes to, as it happens; and its view."""

from __future__ import annotations

from longtake.recording.beginning import record
from longtake.recording.recording import Recording
from longtake.recording.recording_view import RecordingView, open_recording
from longtake.recording.stream_collection import StreamCollection

__all__ = ["Recording", "RecordingView", "StreamCollection", "open_recording", "record"]
