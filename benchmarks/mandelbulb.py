"""A field in three dimensions: the power-8 Mandelbulb, as whole numbers of iterations."""

from __future__ import annotations

from math import acos, atan2, cos, sin, sqrt

import numba
import numpy as np

_EDGE = 1.25
_MOST = 12


def mandelbulb(size: int) -> np.ndarray:
    """Give after how many iterations each point of a cube escapes.

    Returns
    -------
    (size, size, size) float32
        Whole numbers up to 12, which is within. The formula is that of D. White and P. Nylander.
    """
    return _escapes(np.linspace(-_EDGE, _EDGE, size))


@numba.njit(nogil=True)
def _escapes(places: np.ndarray) -> np.ndarray:
    size = len(places)
    found = np.empty((size, size, size), np.float32)
    for k in range(size):
        for j in range(size):
            for i in range(size):
                found[k, j, i] = _escape(places[i], places[j], places[k])
    return found


@numba.njit(nogil=True)
def _escape(x0: float, y0: float, z0: float) -> int:
    x, y, z = x0, y0, z0
    for iteration in range(_MOST):
        r = sqrt(x * x + y * y + z * z)
        if r > 2:
            return iteration
        if r == 0:
            break
        theta, phi, r8 = 8 * acos(z / r), 8 * atan2(y, x), r**8
        x = r8 * sin(theta) * cos(phi) + x0
        y = r8 * sin(theta) * sin(phi) + y0
        z = r8 * cos(theta) + z0
    return _MOST
