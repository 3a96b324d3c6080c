"""A regular grid in space: how many points there are along each axis, how far apart, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from collections.abc import Sequence

_ORDERS = {2: "(y, x)", 3: "(z, y, x)"}
_SIDES = 3


@dataclass(frozen=True)
class Grid:
    """Points along z, y, x, as numpy orders them; an image is one point thick.

    Examples
    --------
    >>> grid_of((3, 4), spacing=(0.5, 0.25), origin=0)
    Grid(shape=(1, 3, 4), spacing=(1.0, 0.5, 0.25), origin=(0.0, 0.0, 0.0))
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]


def grid_of(shape: Sequence[int], spacing: Any, origin: Any) -> Grid:
    """Give the grid of an image or a volume.

    Parameters
    ----------
    shape : tuple of int
        (y, x) or (z, y, x).
    spacing, origin : float, or one for each axis of the shape

    Raises
    ------
    WrongType, InvalidArgument
        If they are no such numbers, or not as many; or a spacing is not above 0.
    """
    steps, start = _each(spacing, len(shape), "spacing"), _each(origin, len(shape), "origin")
    if min(steps) <= 0:
        raise InvalidArgument(f"spacing={spacing!r}: it is above 0 along each axis")
    missing = _SIDES - len(shape)
    return Grid((1,) * missing + tuple(shape), (1.0,) * missing + steps, (0.0,) * missing + start)


def _each(value: Any, axes: int, what: str) -> tuple[float, ...]:
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise WrongType(f"{what}={value!r}: it is a number, or one for each axis") from error
    if numbers.shape not in {(), (axes,)} or not np.isfinite(numbers).all():
        raise InvalidArgument(
            f"{what}={value!r}: it is a number, or one for each axis in the order {_ORDERS[axes]}"
        )
    return tuple(np.broadcast_to(numbers, axes).tolist())
