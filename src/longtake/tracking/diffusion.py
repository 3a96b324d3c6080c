"""How fast particles diffuse, measured from their trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


@dataclass(frozen=True, slots=True)
class Diffusion:
    """A measured diffusion coefficient.

    Attributes
    ----------
    coefficient : float, pixels² a frame
        D, such that each coordinate moves by 2 D a frame, mean square.
    error : float, pixels² a frame
        Its standard error.
    localisation_error : float, pixels
        Standard deviation of a measured coordinate about the true one.
    steps : int
        How many steps, of all particles, it was measured from.
    """

    coefficient: float
    error: float
    localisation_error: float
    steps: int


def diffusion_coefficient(
    trajectories: Iterable[pd.DataFrame], pos_columns: list[str] | None = None
) -> Diffusion:
    """Measure how fast particles diffuse, whatever the error of their positions.

    Parameters
    ----------
    trajectories : FramewiseStore or iterable of DataFrame
        A linked table a frame, frames ascending, with the columns `particle` and `frame`. Only
        the present frame is held in memory.
    pos_columns : list of str, optional
        By default y and x, with z before them if the tables have it.

    Returns
    -------
    Diffusion

    Raises
    ------
    InvalidArgument
        If no particle was followed through three frames in a row.

    Notes
    -----
    The covariance-based estimator of Vestergaard, Blainey and Flyvbjerg, Phys. Rev. E 89, 022726
    (2014), for positions without motion blur, and its variance from there too::

        D = <dx²> / 2 + <dx dx'>        localisation variance = -<dx dx'>

    where dx' is the step after dx. An error of position adds to the first term what it takes
    from the second. Supposes free diffusion without drift; steps over a gap are not used.

    Examples
    --------
    >>> from longtake.tracking.simulation import BrownianMovie
    >>> movie = BrownianMovie(frames=300, shape=(128, 128), particles=5, diffusion=0.5)
    >>> measured = diffusion_coefficient(movie.truth())
    >>> abs(measured.coefficient - 0.5) < 3 * measured.error
    True
    """
    sums = _Sums()
    for table in trajectories:
        if len(table):
            columns = pos_columns or [name for name in ("z", "y", "x") if name in table]
            sums.add(
                int(table["frame"].iat[0]),
                table["particle"].to_numpy(),
                table[columns].to_numpy("float64"),
            )
    return sums.result()


class _Sums:
    """Sums of squared steps, and of products of successive ones, over all particles."""

    def __init__(self) -> None:
        self._frame: int | None = None
        self._ids = np.empty(0, "int64")
        self._positions = np.empty((0, 0))
        self._steps = np.empty((0, 0))  # the step that led here; NaN at a track's first point
        self._squares = self._products = 0.0
        self._square_count = self._product_count = self._step_count = 0

    def add(self, frame: int, ids: np.ndarray, positions: np.ndarray) -> None:
        """Add the next frame."""
        steps = np.full(positions.shape, np.nan)
        if self._frame is not None and frame == self._frame + 1:
            _, before, now = np.intersect1d(self._ids, ids, assume_unique=True, return_indices=True)
            taken = positions[now] - self._positions[before]
            products = taken * self._steps[before]
            products = products[~np.isnan(products)]
            steps[now] = taken
            self._squares += float((taken**2).sum())
            self._products += float(products.sum())
            self._square_count += taken.size
            self._product_count += products.size
            self._step_count += len(taken)
        self._frame, self._ids, self._positions, self._steps = frame, ids, positions, steps

    def result(self) -> Diffusion:
        """Give the estimate."""
        if not self._product_count:
            raise InvalidArgument(
                "no particle was followed through three frames in a row: "
                "there is no diffusion to measure"
            )
        square = self._squares / self._square_count
        product = self._products / self._product_count
        coefficient = square / 2 + product
        # The variance of a position, in units of D; the mean of many can come out below 0.
        blur = max(-product, 0.0) / coefficient if coefficient > 0 else 0.0
        number = self._product_count
        relative = (6 + 4 * blur + 2 * blur**2) / number + 4 * (1 + blur) ** 2 / number**2
        return Diffusion(
            coefficient,
            abs(coefficient) * math.sqrt(relative),
            math.sqrt(max(-product, 0.0)),
            self._step_count,
        )
