"""Find particles in images and follow them; the calls that trackpy's users know.

>>> import longtake.tracking as tp
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from longtake.errors import SubnetOversizeException

if TYPE_CHECKING:
    from longtake.framewise import (
        FramewiseData,
        FramewiseStore,
        PandasHDFStore,
        PandasHDFStoreBig,
        PandasHDFStoreSingleNode,
    )
    from longtake.tracking.batch_frames import batch
    from longtake.tracking.linking import Linker, link, link_df, link_df_iter, link_iter
    from longtake.tracking.locate_features import locate
    from longtake.tracking.report import quiet
    from longtake.tracking.track_live import follow
    from longtake.tracking.track_movie import track
    from longtake.tracking.trajectory_file import Tracked

__all__ = [
    "FramewiseData",
    "FramewiseStore",
    "Linker",
    "PandasHDFStore",
    "PandasHDFStoreBig",
    "PandasHDFStoreSingleNode",
    "SubnetOversizeException",
    "Tracked",
    "batch",
    "follow",
    "link",
    "link_df",
    "link_df_iter",
    "link_iter",
    "locate",
    "quiet",
    "track",
]

_HOME = {
    "FramewiseData": "longtake.framewise",
    "FramewiseStore": "longtake.framewise",
    "Linker": "longtake.tracking.linking",
    "PandasHDFStore": "longtake.framewise",
    "PandasHDFStoreBig": "longtake.framewise",
    "PandasHDFStoreSingleNode": "longtake.framewise",
    "Tracked": "longtake.tracking.trajectory_file",
    "batch": "longtake.tracking.batch_frames",
    "follow": "longtake.tracking.track_live",
    "link": "longtake.tracking.linking",
    "link_df": "longtake.tracking.linking",
    "link_df_iter": "longtake.tracking.linking",
    "link_iter": "longtake.tracking.linking",
    "locate": "longtake.tracking.locate_features",
    "quiet": "longtake.tracking.report",
    "track": "longtake.tracking.track_movie",
}


def __getattr__(name: str) -> object:
    # Loaded when first used: numba and pandas take a second to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
