"""Reading what is being written: every frame, record and entry, once and in order.

``longtake.follow(path, …)`` is this module called: see `follow`. The classes that follow keys, for
files of others, are those of swmr_tools' users.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from longtake.follow import chunk_utils, utils
from longtake.follow.followed_stream import Entry
from longtake.follow.keys.chunk_source import ChunkSource
from longtake.follow.keys.data_source import DataSource
from longtake.follow.keys.frame_reader import FrameReader
from longtake.follow.keys.key_follower import KeyFollower
from longtake.follow.keys.row_key_follower import RowKeyFollower
from longtake.follow.recording_follower import RecordingFollower
from longtake.follow.verb import follow
from longtake.streams.cursor import Lag
from longtake.streams.gaps import Gap
from longtake.streams.stream_follower import StreamFollower

__all__ = [
    "ChunkSource",
    "DataSource",
    "Entry",
    "FrameReader",
    "Gap",
    "KeyFollower",
    "Lag",
    "RecordingFollower",
    "RowKeyFollower",
    "StreamFollower",
    "chunk_utils",
    "follow",
    "utils",
]


class _CallableModule(ModuleType):
    def __call__(self, *given: Any, **named: Any) -> RecordingFollower:
        return follow(*given, **named)


# Python's own way to let a module be called: `longtake.follow` is the folder and the verb.
sys.modules[__name__].__class__ = _CallableModule
