"""A tiny first image for every kind of image, so that compiling the kernels can be announced."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.tracking.compiling import compiling

if TYPE_CHECKING:
    from collections.abc import Callable

# Those for linking, which a movie's features need next, included.
_ABOUT_S = 10


@lru_cache(maxsize=64)
def warm_up(find: Callable[..., Any], dtype: np.dtype, ndim: int) -> None:
    """Find a spot in a tiny image of a dtype, so that the kernels for it are compiled or loaded."""
    distances = np.indices((16,) * ndim) - 7
    spot = 100 * np.exp(-(distances**2).sum(axis=0) / 4)
    with compiling(_ABOUT_S):
        find(spot.astype(dtype))
