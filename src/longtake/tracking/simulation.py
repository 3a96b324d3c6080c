"""A simulated movie of Brownian particles, whose truth is known."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from scipy.special import ndtri

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lengths, in spot radii: how far a spot's light is drawn, and how near two spots may come.
_DRAWN = 4
_CLOSEST = 6
# Steps longer than this many standard deviations are not reckoned with (one in 30 000).
_LONGEST_STEP = 4
# Rows of an image to which noise is added at a time.
_ROWS = 64


class _Particles(NamedTuple):
    """Where the particles are in one frame."""

    frame: int
    positions: np.ndarray  # (P, 2) float64: y, x
    ids: np.ndarray  # (P,) int64
    born: int  # how many particles there were so far


@dataclass(frozen=True, kw_only=True)
class BrownianMovie(Sequence[np.ndarray]):
    """Images of spots that diffuse freely, as a camera would see them.

    Each image is made when it is asked for, so that a movie of any length takes no memory. The
    same parameters give the same images, in whatever order they are asked for; in ascending
    order they come at once, else the particles' paths are walked again from the start.

    Parameters
    ----------
    frames : int
        How many images.
    shape : (int, int)
        Height and width, pixels.
    particles : int
        How many spots are in each image.
    diffusion : float, pixels² a frame
        Diffusion coefficient D: each coordinate of each step is normal with variance 2 D.
    radius : float, pixels
        Standard deviation of a spot's Gaussian profile. A `diameter` of about 5 radii finds it.
    peak, background : float, photons
        Light at a spot's middle, and light everywhere.
    read_noise : float, photons
        Standard deviation of the camera's own noise.
    dtype : "uint8" or "uint16"
        Type of the pixels, one count a photon. What does not fit is saturated.
    seed : int
        Another seed gives another movie.

    Raises
    ------
    InvalidArgument
        If a value makes no sense, or there is no room for so many particles.

    Notes
    -----
    A particle that has come near the edge or another particle is replaced, in the next frame, by
    a new one somewhere free. Whether it is replaced depends on where it is, never on the step it
    would take next; so the steps that are seen are an unbiased sample of free diffusion (Wald's
    identity), spots never overlap, and each frame has the same number of them.

    The shot noise is drawn from the normal law of the Poisson's mean and variance, which at 20
    photons and more is nearly the same, and ten times faster.

    Examples
    --------
    >>> movie = BrownianMovie(frames=1000, shape=(128, 128), particles=10, seed=1)
    >>> movie[0].shape, movie[0].dtype
    ((128, 128), dtype('uint8'))
    >>> next(movie.truth()).columns.to_list()
    ['y', 'x', 'frame', 'particle']
    """

    frames: int
    shape: tuple[int, int] = (512, 512)
    particles: int = 100
    diffusion: float = 0.25
    radius: float = 2.0
    peak: float = 120.0
    background: float = 30.0
    read_noise: float = 2.0
    dtype: str = "uint8"
    seed: int = 0
    _reached: list[_Particles] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.frames < 0 or self.particles < 0 or self.seed < 0:
            raise InvalidArgument("frames, particles and seed cannot be negative")
        if not (
            self.diffusion >= 0 and self.radius > 0 and self.peak >= 0 and self.read_noise >= 0
        ):
            raise InvalidArgument("diffusion, radius, peak and read_noise cannot be negative")
        if not self.background >= 20:
            raise InvalidArgument(f"background={self.background}: at least 20 photons are needed")
        if self.dtype not in {"uint8", "uint16"}:
            raise InvalidArgument(f'dtype={self.dtype!r}: it is "uint8" or "uint16"')
        self._check_room()

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, frame: int) -> np.ndarray:  # type: ignore[override]
        index = operator.index(frame)
        if not -self.frames <= index < self.frames:
            raise IndexError(f"the movie has frames 0 to {self.frames - 1}, not {index}")
        state = self._at(index % self.frames)
        self._reached[:] = [state]
        return self._photograph(state)

    def truth(self) -> Iterator[pd.DataFrame]:
        """Give where the particles really are, a table a frame.

        Yields
        ------
        pandas.DataFrame
            Columns y, x (pixels), frame, particle.
        """
        state = self._start()
        for frame in range(self.frames):
            state = state if frame == 0 else self._next(state)
            yield pd.DataFrame(
                {
                    "y": state.positions[:, 0],
                    "x": state.positions[:, 1],
                    "frame": np.full(self.particles, frame, "int64"),
                    "particle": state.ids,
                }
            )

    # -- the paths

    @property
    def _step(self) -> float:
        return math.sqrt(2 * self.diffusion)

    @property
    def _near(self) -> float:
        """Nearer than this, two particles could touch after the next step."""
        return _CLOSEST * self.radius + _LONGEST_STEP * math.sqrt(2) * self._step

    @property
    def _edge(self) -> float:
        """Nearer the edge than this, a spot could be cut off after the next step."""
        return _CLOSEST * self.radius + _LONGEST_STEP * self._step

    @property
    def _apart(self) -> float:
        """A new particle is placed this far from all others, so that it lives a while."""
        return self._near + _LONGEST_STEP * self._step

    def _check_room(self) -> None:
        free = [side - 2 * self._edge for side in self.shape]
        taken = self.particles * math.pi * (self._apart / 2) ** 2
        if min(free) <= 0 or taken > 0.3 * free[0] * free[1]:
            raise InvalidArgument(
                f"{self.particles} particles, {self._apart:.0f} pixels apart, do not fit in "
                f"{self.shape[0]} x {self.shape[1]}: use fewer, a larger shape, a smaller radius "
                "or a smaller diffusion"
            )

    def _at(self, frame: int) -> _Particles:
        state = self._reached[0] if self._reached else self._start()
        if state.frame > frame:
            state = self._start()
        while state.frame < frame:
            state = self._next(state)
        return state

    def _start(self) -> _Particles:
        nobody = np.empty((0, 2))
        positions = self._place(self.particles, nobody, self._random(0, 0))
        return _Particles(0, positions, np.arange(self.particles), self.particles)

    def _next(self, state: _Particles) -> _Particles:
        random = self._random(state.frame + 1, 0)
        positions = state.positions + random.normal(0.0, self._step, state.positions.shape)
        leaving = self._leaving(state.positions)
        count = int(leaving.sum())
        ids = state.ids.copy()
        if count:
            # Far from where the old ones were too, so that no linker can mistake one for the other.
            others = np.concatenate((positions[~leaving], state.positions[leaving]))
            positions[leaving] = self._place(count, others, random)
            ids[leaving] = state.born + np.arange(count)
        return _Particles(state.frame + 1, positions, ids, state.born + count)

    def _leaving(self, positions: np.ndarray) -> np.ndarray:
        to_edge = np.minimum(positions, np.array(self.shape) - 1 - positions)
        leaving = np.asarray((to_edge < self._edge).any(axis=1))
        if len(positions) > 1:
            pairs = KDTree(positions).query_pairs(self._near, output_type="ndarray")
            leaving[pairs.max(axis=1)] = True
        return leaving

    def _place(self, count: int, others: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Find places for new particles, away from the edges, from others and from each other."""
        places = np.concatenate((others, np.empty((count, 2))))
        low, high = self._edge, np.array(self.shape) - 1 - self._edge
        for taken in range(len(others), len(places)):
            while True:
                place = random.uniform(low, high)
                distances = places[:taken] - place
                if not len(distances) or (distances**2).sum(axis=1).min() > self._apart**2:
                    break
            places[taken] = place
        return places[len(others) :]

    # -- the camera

    def _photograph(self, state: _Particles) -> np.ndarray:
        light = self._light(state.positions)
        image = np.empty(self.shape, self.dtype)
        random = self._random(state.frame, 1)
        # Some rows at a time: the processor's cache holds them, which makes it twice as fast.
        for top in range(0, len(light), _ROWS):
            rows = light[top : top + _ROWS]
            counts = _normal_quantiles().take(random.integers(0, 2**16, rows.shape, "uint16"))
            counts *= np.sqrt(rows + np.float32(self.read_noise**2))
            counts += rows
            np.rint(counts, out=counts)
            image[top : top + _ROWS] = np.clip(counts, 0, np.iinfo(self.dtype).max, out=counts)
        return image

    def _light(self, positions: np.ndarray) -> np.ndarray:
        """The image without noise."""
        light = np.full(self.shape, self.background, "float32")
        drawn = math.ceil(_DRAWN * self.radius)
        nearest = np.rint(positions).astype("int64")
        pixels = nearest[:, :, np.newaxis] + np.arange(-drawn, drawn + 1)
        offsets = (pixels - positions[:, :, np.newaxis]) / self.radius
        # Each spot is the product of a profile along y and one along x.
        profiles = np.exp(-0.5 * offsets**2).astype("float32")
        spots = np.float32(self.peak) * profiles[:, 0, :, np.newaxis] * profiles[:, 1, np.newaxis]
        places = pixels[:, 0, :, np.newaxis] * self.shape[1] + pixels[:, 1, np.newaxis]
        np.add.at(light.reshape(-1), places.reshape(-1), spots.reshape(-1))
        return light

    def _random(self, frame: int, purpose: int) -> np.random.Generator:
        # Each frame has its own, so that no image depends on which ones were made before it.
        return np.random.Generator(np.random.SFC64((self.seed, frame, purpose)))


@cache
def _normal_quantiles() -> np.ndarray:
    """Normal numbers to draw from, each as likely: several times faster than drawing new ones."""
    return ndtri((np.arange(2**16) + 0.5) / 2**16).astype("float32")
