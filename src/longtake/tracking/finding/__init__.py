"""Features of an image as numpy arrays: what `locate` does, without pandas and for many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.tracking.finding.parameters import Parameters
from longtake.tracking.finding.pixels import check_shape

if TYPE_CHECKING:
    from longtake.tracking.finding.finder import columns, find

__all__ = ["Parameters", "check_shape", "columns", "find"]


def __getattr__(name: str):
    """Import the kernels, and numba with them, when they are first asked for."""
    if name in ("columns", "find"):
        from longtake.tracking.finding import finder

        return getattr(finder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
