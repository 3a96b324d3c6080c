"""Check a linker's arguments, and turn them into the rule that it follows."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tracking.linking.matching import Matching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NEIGHBOR_STRATEGIES = (None, "KDTree", "BTree")
_LINK_STRATEGIES = (None, "auto", "recursive", "nonrecursive", "numba", "hybrid", "drop")


class LinkOptions(TypedDict, total=False):
    """The options that every function of linking shares; `Linker` explains them."""

    memory: int
    adaptive_stop: float | Sequence[float] | None
    adaptive_step: float
    neighbor_strategy: str | None
    link_strategy: str | None
    to_eucl: Callable[[np.ndarray], np.ndarray] | None


def matching_rule(
    search_range: float | Sequence[float],
    ndim: int,
    adaptive_stop: float | Sequence[float] | None,
    adaptive_step: float,
    link_strategy: str | None,
) -> tuple[Matching, np.ndarray | None]:
    """Give the rule, and the lengths that make the search range 1 where it differs by axis."""
    ranges = _positive_lengths("search_range", search_range, ndim)
    isotropic = bool((ranges == ranges[0]).all())
    lengths = None if isotropic else ranges
    stop = None
    if adaptive_stop is not None:
        stops = _positive_lengths("adaptive_stop", adaptive_stop, ndim)
        stop = float((stops if lengths is None else stops / lengths).max())
    rule = Matching(
        search_range=float(ranges[0]) if lengths is None else 1.0,
        adaptive=None if stop is None else _adaptive_range(stop, adaptive_step),
        disputed="drop" if link_strategy == "drop" else "solve",
    )
    return rule, lengths


def check_strategies(neighbor_strategy: str | None, link_strategy: str | None) -> None:
    """Accept trackpy's names for its ways to the solution; ours is one and the same for all."""
    if neighbor_strategy not in _NEIGHBOR_STRATEGIES:
        raise InvalidArgument(
            f"neighbor_strategy must be 'KDTree' or 'BTree', not {neighbor_strategy!r}"
        )
    if link_strategy not in _LINK_STRATEGIES:
        names = ", ".join(repr(name) for name in _LINK_STRATEGIES if name)
        raise InvalidArgument(f"link_strategy must be one of {names}, not {link_strategy!r}")


def _adaptive_range(stop: float, step: float):
    # scipy's graphs take a while to import, and are needed here only.
    from longtake.tracking.linking.adaptive import AdaptiveRange

    if not 0 < step < 1:
        raise InvalidArgument(f"adaptive_step must lie between 0 and 1, not {step!r}")
    return AdaptiveRange(stop, step)


def _positive_lengths(name: str, value: float | Sequence[float], ndim: int) -> np.ndarray:
    try:
        lengths = np.asarray(value)
        if lengths.dtype.kind not in "iuf":
            raise TypeError
        lengths = lengths.astype(np.float64)
    except (TypeError, ValueError):
        raise WrongType(f"{name} is a number, or one for each axis, not {value!r}") from None
    if lengths.ndim > 1 or (lengths.ndim == 1 and len(lengths) != ndim):
        raise InvalidArgument(
            f"{name}={value!r} must be one number, or {ndim}: one for each position column"
        )
    if not all(isfinite(length) and length > 0 for length in lengths.flat):
        raise InvalidArgument(f"{name} must be positive and finite, not {value!r}")
    return np.broadcast_to(lengths, ndim)
