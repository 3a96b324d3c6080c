"""Record, follow and process streams that never end, in one plain HDF5 file.

>>> import longtake as lt
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from longtake.framewise import FramewiseStore
    from longtake.tracking import batch, link, locate, track

__all__ = ["FramewiseStore", "LongtakeError", "batch", "link", "locate", "track"]

_HOME = {
    "FramewiseStore": "longtake.framewise",
    "batch": "longtake.tracking",
    "link": "longtake.tracking",
    "locate": "longtake.tracking",
    "track": "longtake.tracking",
}

_FOLDERS = {"framewise", "frames", "pipeline", "tracking"}


def __getattr__(name: str) -> object:
    # Loaded when first used, so that importing longtake costs next to nothing.
    if name in _FOLDERS:
        return import_module(f"longtake.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
