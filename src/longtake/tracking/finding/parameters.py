"""What to look for, checked once for a whole movie."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from longtake.errors import InvalidArgument, WrongType
from longtake.whole_number import whole_number

ENGINES = ("auto", "numba", "python")

Size = float | tuple[float, ...]


@dataclass(frozen=True)
class Parameters:
    """What a feature looks like, and how features are sought; the arguments of `locate`.

    Sizes are in pixels: one number, or one for each axis of the image in the order of its shape.

    Parameters
    ----------
    diameter : odd int, or a tuple of them
        Extent of a feature, at least 3. When in doubt, round up.
    minmass : float, optional
        Features have a larger integrated brightness than this. Default 0.
    maxsize : float, optional
        Features have a smaller radius of gyration than this.
    separation : float or tuple, optional
        Of two features closer than this the dimmer one is dropped. Default ``diameter + 1``.
    noise_size : float or tuple
        Width (sigma) of the Gaussian that smooths the image.
    smoothing_size : odd int or tuple, optional
        Sides of the box whose rolling mean is the background. Default `diameter`.
    threshold : float, optional
        Pixels less than this above the background count as black. Default 1 for images of
        integers, 1/255 for images of floats.
    invert : bool
        Whether features are darker than their background.
    percentile : float
        A feature's peak is brighter than this percentage of the pixels that are not black.
    topn : int, optional
        Give only that many of the brightest features, the brightest one last.
    preprocess : bool
        Whether to smooth and to subtract the background.
    max_iterations : int
        How often at most the window around a feature is moved to its centre.
    characterize : bool
        Whether to measure size, eccentricity, signal, raw mass and the error of the position too.
    engine : {'auto', 'numba', 'python'}
        Accepted because trackpy has it; the results are the same.

    Raises
    ------
    InvalidArgument
        If a value cannot be used, whatever the image.

    Examples
    --------
    >>> Parameters(11, minmass=200).separation_along(2)
    (12, 12)
    """

    diameter: Any
    minmass: float | None = None
    maxsize: float | None = None
    separation: Any = None
    noise_size: Any = 1
    smoothing_size: Any = None
    threshold: float | None = None
    invert: bool = False
    percentile: float = 64
    topn: int | None = None
    preprocess: bool = True
    max_iterations: int = 10
    characterize: bool = True
    engine: str = "auto"

    def __post_init__(self) -> None:
        """Bring the sizes into one form, and refuse what cannot be meant."""
        for name in ("diameter", "separation", "noise_size", "smoothing_size"):
            object.__setattr__(self, name, _size(name, getattr(self, name)))
        for name in ("diameter", "smoothing_size"):
            object.__setattr__(self, name, _odd(name, getattr(self, name)))
        self._check_sizes()
        self._check_numbers()

    @property
    def ndim(self) -> int | None:
        """The number of axes that the sizes speak of; None if one number serves for all."""
        lengths = {len(size) for size in self._sizes().values() if isinstance(size, tuple)}
        return lengths.pop() if lengths else None

    def diameter_along(self, ndim: int) -> tuple[int, ...]:
        """Give the diameter along each axis."""
        return _along(self.diameter, ndim)

    def separation_along(self, ndim: int) -> tuple[float, ...]:
        """Give the separation along each axis."""
        if self.separation is None:
            return tuple(d + 1 for d in self.diameter_along(ndim))
        return _along(self.separation, ndim)

    def noise_size_along(self, ndim: int) -> tuple[float, ...]:
        """Give the noise size along each axis."""
        return _along(self.noise_size, ndim)

    def smoothing_size_along(self, ndim: int) -> tuple[int, ...]:
        """Give the smoothing size along each axis."""
        size = self.diameter if self.smoothing_size is None else self.smoothing_size
        return _along(size, ndim)

    def _sizes(self) -> dict[str, Any]:
        names = ("diameter", "separation", "noise_size", "smoothing_size")
        return {name: getattr(self, name) for name in names}

    def _check_sizes(self) -> None:
        tuples = {n: s for n, s in self._sizes().items() if isinstance(s, tuple)}
        if len({len(size) for size in tuples.values()}) > 1:
            given = ", ".join(f"{name}={size}" for name, size in tuples.items())
            raise InvalidArgument(
                f"the sizes are for images of different dimensions: {given}; give one number for "
                "each axis of the image, or a single number"
            )
        ndim = self.ndim or 1
        if min(self.diameter_along(ndim)) < 3:
            raise InvalidArgument(f"diameter must be 3 or larger, not {self.diameter}")
        pairs = zip(self.noise_size_along(ndim), self.smoothing_size_along(ndim), strict=True)
        if self.preprocess and any(noise >= smoothing for noise, smoothing in pairs):
            raise InvalidArgument(
                f"noise_size={self.noise_size} is not smaller than the smoothing size "
                f"({self.smoothing_size_along(ndim)}), so the band-pass would leave nothing; "
                "use a smaller noise_size or a larger smoothing_size"
            )
        if self.maxsize is not None and len(set(self.diameter_along(ndim))) > 1:
            raise InvalidArgument(
                f"maxsize={self.maxsize} needs the same diameter along all axes, not "
                f"{self.diameter}; drop maxsize and filter on the columns size_y, size_x instead"
            )

    def _check_numbers(self) -> None:
        for name in ("minmass", "maxsize", "threshold", "percentile"):
            value = getattr(self, name)
            if value is not None and not _finite(value):
                raise InvalidArgument(f"{name} must be a number, not {value!r}")
        if not 0 <= self.percentile <= 100:
            raise InvalidArgument(f"percentile must be from 0 to 100, not {self.percentile}")
        for name in ("topn", "max_iterations"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole_number(value, name, least=1))
        if self.engine not in ENGINES:
            raise InvalidArgument(
                f"there is no engine {self.engine!r}; use one of {', '.join(map(repr, ENGINES))}"
            )


def _finite(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _size(name: str, value: Any) -> Size | None:
    if value is None and name != "diameter":
        return None
    if isinstance(value, str) or value is None:
        raise WrongType(f"{name} must be a number or a tuple of numbers, not {value!r}")
    values = tuple(value) if isinstance(value, Iterable) else (value,)
    if not values or not all(_finite(v) and v >= 0 for v in values):
        raise InvalidArgument(f"{name} must be a number (or one an axis) of pixels, not {value!r}")
    return values if isinstance(value, Iterable) else values[0]


def _odd(name: str, size: Size | None) -> Any:
    if size is None:
        return None
    values = size if isinstance(size, tuple) else (size,)
    if not all(v == int(v) and int(v) % 2 for v in values):
        raise InvalidArgument(
            f"{name} must be odd, so that a feature has a middle pixel, not {size}; round up"
        )
    return tuple(map(int, values)) if isinstance(size, tuple) else int(size)


def _along(size: Any, ndim: int) -> tuple[Any, ...]:
    return size if isinstance(size, tuple) else (size,) * ndim
