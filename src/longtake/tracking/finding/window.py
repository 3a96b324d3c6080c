"""The round window around a feature: which pixels are in it and how each is weighted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, eq=False)
class Window:
    """An ellipse (or ellipsoid) of pixels, by rows along x.

    Attributes
    ----------
    radius : (int, int, int)
        Along z, y and x; 0 along z for an image.
    coordinates : (3, p) int64
        Of each pixel, from the middle, row by row.
    lines : (m, 3) int64
        Each row's offset along z, along y, and half its width.
    moments : (k, p) int64
        Weights for the radii of gyration, one row for each that is wanted.
    cosine, sine : (p,) float64
        Of twice the angle around the middle; 0 in a stack.
    spread : (ndim,) float64
        Root of the sum of squared distances from the middle, along each axis.
    """

    radius: tuple[int, ...]
    coordinates: np.ndarray
    lines: np.ndarray
    moments: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray
    spread: np.ndarray

    @property
    def pixels(self) -> int:
        """How many pixels are in the window."""
        return self.coordinates.shape[1]

    def offsets_in(self, shape: tuple[int, ...]) -> np.ndarray:
        """Give the window's pixels as distances in a flattened image of a shape."""
        z, y, x = self.coordinates
        return (z * shape[1] + y) * shape[2] + x


@lru_cache(maxsize=64)
def window(radius: tuple[int, ...]) -> Window:
    """Make the window of a radius in pixels, given for each of two or three axes."""
    ndim = len(radius)
    offsets = np.meshgrid(*(np.arange(-r, r + 1) for r in radius), indexing="ij")
    mask = np.asarray(sum((o / r) ** 2 for o, r in zip(offsets, radius, strict=True))) <= 1
    offsets = [o[mask] for o in offsets]
    squares = np.array([o**2 for o in offsets], np.int64)
    round_one = len(set(radius)) == 1
    moments = squares.sum(axis=0, keepdims=True) if round_one else ndim * squares
    angle = 2 * np.arctan2(*offsets) if ndim == 2 else np.zeros(len(offsets[0]))
    on_lines = np.argwhere(mask.any(axis=-1)) - radius[:-1]
    half_widths = mask.sum(axis=-1)[mask.any(axis=-1)] // 2
    flat = [np.zeros(len(half_widths))] * (3 - ndim)
    lines = np.column_stack([*flat, on_lines, half_widths]).astype(np.int64)
    return Window(
        radius=(0,) * (3 - ndim) + radius,
        coordinates=np.array([np.zeros_like(offsets[0])] * (3 - ndim) + offsets),
        lines=lines,
        moments=np.ascontiguousarray(moments),
        cosine=np.cos(angle) if ndim == 2 else angle,
        sine=np.sin(angle),
        spread=np.sqrt(squares.sum(axis=1)),
    )
