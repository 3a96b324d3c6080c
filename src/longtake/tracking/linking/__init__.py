"""Join the positions found in each frame into trajectories, exactly and deterministically."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake.tracking.linking.linker import Linker
    from longtake.tracking.linking.positions import link_iter
    from longtake.tracking.linking.tables import link, link_df, link_df_iter

__all__ = ["Linker", "link", "link_df", "link_df_iter", "link_iter"]

_HOME = {
    "Linker": "linker",
    "link": "tables",
    "link_df": "tables",
    "link_df_iter": "tables",
    "link_iter": "positions",
}


def __getattr__(name: str) -> object:
    # Loaded when first used: numba and pandas take a second to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
