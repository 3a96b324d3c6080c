"""Reading what is being written: every frame, record and entry, once and in order."""

from __future__ import annotations

from longtake.follow import chunk_utils, utils
from longtake.follow.keys.chunk_source import ChunkSource
from longtake.follow.keys.data_source import DataSource
from longtake.follow.keys.frame_reader import FrameReader
from longtake.follow.keys.key_follower import KeyFollower
from longtake.follow.keys.row_key_follower import RowKeyFollower

__all__ = [
    "ChunkSource",
    "DataSource",
    "FrameReader",
    "KeyFollower",
    "RowKeyFollower",
    "chunk_utils",
    "utils",
]
