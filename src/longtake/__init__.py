"""Record, follow and process streams that never end, in one plain HDF5 file.

>>> import longtake as lt
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from longtake.follow.verb import follow
    from longtake.framewise import FramewiseStore
    from longtake.pipeline import process
    from longtake.recording import Recording, RecordingView, record
    from longtake.recording import open_recording as open  # noqa: A004
    from longtake.recording.check import check
    from longtake.recording.pack import pack
    from longtake.recording.recover import recover
    from longtake.tracking import batch, link, locate, track

__all__ = [
    "FramewiseStore",
    "LongtakeError",
    "Recording",
    "RecordingView",
    "batch",
    "check",
    "follow",
    "link",
    "locate",
    "open",
    "pack",
    "process",
    "record",
    "recover",
    "track",
]

_HOME = {
    "FramewiseStore": "longtake.framewise",
    "Recording": "longtake.recording",
    "RecordingView": "longtake.recording",
    "batch": "longtake.tracking",
    "check": "longtake.recording.check",
    "link": "longtake.tracking",
    "locate": "longtake.tracking",
    "open": "longtake.recording",
    "pack": "longtake.recording.pack",
    "process": "longtake.pipeline",
    "record": "longtake.recording",
    "recover": "longtake.recording.recover",
    "track": "longtake.tracking",
}

_FOLDERS = {"follow", "framewise", "frames", "pipeline", "recording", "rig", "tracking", "tree"}
#: Where the name here is not the one at home, which would hide a builtin there.
_AT_HOME = {"open": "open_recording"}


def __getattr__(name: str) -> object:
    # Loaded when first used, so that importing longtake costs next to nothing.
    if name in _FOLDERS:
        return import_module(f"longtake.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), _AT_HOME.get(name, name))


def __dir__() -> list[str]:
    return sorted({*__all__, *_FOLDERS})
