"""Images from anywhere: files, stacks, videos, arrays, readers, generators; each decoded once."""

from __future__ import annotations

from longtake.frames.frame import Frame
from longtake.frames.frames import Frames
from longtake.frames.open_frames import open_frames

__all__ = ["Frame", "Frames", "open_frames"]
