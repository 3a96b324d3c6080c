"""How good a tracking is, where the truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from longtake.errors import InvalidArgument
from longtake.framewise.frame_number import frame_number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd


@dataclass(frozen=True, slots=True)
class Score:
    """What was found, beside what was there.

    Attributes
    ----------
    true, found, matched : int
        Particles that were there, features that were found, and those that are one and the same.
    position_error : float, pixels
        Root mean square distance between a matched feature and its particle.
    true_links : int
        How often one particle was found in a frame and in the next.
    right_links : int
        How often both features have the same trajectory.
    false_links : int
        How often features of two particles, in successive frames, have the same trajectory.
    """

    true: int
    found: int
    matched: int
    position_error: float
    true_links: int
    right_links: int
    false_links: int

    @property
    def found_fraction(self) -> float:
        """The part of the particles that was found."""
        return self.matched / self.true if self.true else 1.0

    @property
    def false_fraction(self) -> float:
        """The part of the found features that is none."""
        return (self.found - self.matched) / self.found if self.found else 0.0

    @property
    def linking_accuracy(self) -> float:
        """The part of the true links that was made."""
        return self.right_links / self.true_links if self.true_links else 1.0


def score(
    found: Iterable[pd.DataFrame], truth: Iterable[pd.DataFrame], *, tolerance: float
) -> Score:
    """Compare linked features with the truth.

    Parameters
    ----------
    found : FramewiseStore or iterable of DataFrame
        A linked table a frame, frames ascending: columns y, x (and z), frame, particle. A frame
        that is missing counts as one in which nothing was found.
    truth : iterable of DataFrame
        The same of the particles that were there.
    tolerance : float, pixels
        A feature and a particle are the same if each is the other's nearest, no farther than this.

    Returns
    -------
    Score

    Guarantees
    ----------
    Two frames are in memory at a time.

    Examples
    --------
    >>> from longtake.tracking.simulation import BrownianMovie
    >>> movie = BrownianMovie(frames=5, shape=(128, 128), particles=4)
    >>> score(movie.truth(), movie.truth(), tolerance=1).linking_accuracy
    1.0
    """
    if not tolerance > 0:
        raise InvalidArgument(f"tolerance={tolerance}: it is a distance above 0")
    true = seen_in_all = matched = 0
    squares = 0.0
    links = np.zeros(3, "int64")
    before: _Matches | None = None
    for frame, features, particles in _side_by_side(found, truth):
        now = _match(frame, particles, features, tolerance)
        true += len(particles)
        seen_in_all += 0 if features is None else len(features)
        matched += len(now.distances)
        squares += float((now.distances**2).sum())
        if before is not None and before.frame == frame - 1:
            links += _count_links(before, now)
        before = now
    error = math.sqrt(squares / matched) if matched else math.nan
    return Score(true, seen_in_all, matched, error, *links.tolist())


class _Matches(NamedTuple):
    """Which feature is which particle, in one frame."""

    frame: int
    particles: np.ndarray  # (M,) ids
    features: np.ndarray  # (M,) ids
    distances: np.ndarray  # (M,) float64, pixels


def _side_by_side(
    found: Iterable[pd.DataFrame], truth: Iterable[pd.DataFrame]
) -> Iterator[tuple[int, pd.DataFrame | None, pd.DataFrame]]:
    """Pair the tables of each true frame with what was found in it."""
    rest = iter(found)
    features = next(rest, None)
    for particles in truth:
        frame = frame_number_of(particles, "frame")
        while features is not None and frame_number_of(features, "frame") < frame:
            features = next(rest, None)
        is_there = features is not None and frame_number_of(features, "frame") == frame
        yield frame, features if is_there else None, particles


def _match(
    frame: int, particles: pd.DataFrame, features: pd.DataFrame | None, tolerance: float
) -> _Matches:
    """Pair each particle with the feature that is its nearest, if it is the feature's nearest."""
    if features is None or not len(features) or not len(particles):
        return _Matches(frame, np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0))
    columns = [name for name in ("z", "y", "x") if name in particles]
    true, seen = particles[columns].to_numpy(), features[columns].to_numpy()
    distances, nearest_feature = map(np.asarray, KDTree(seen).query(true))
    nearest_particle = np.asarray(KDTree(true).query(seen)[1])
    same = nearest_particle[nearest_feature] == np.arange(len(true))
    same &= distances <= tolerance
    return _Matches(
        frame,
        particles["particle"].to_numpy()[same],
        features["particle"].to_numpy()[nearest_feature[same]],
        distances[same],
    )


def _count_links(before: _Matches, now: _Matches) -> tuple[int, int, int]:
    """Count the true, the right and the false links between two successive frames."""
    _, i, j = np.intersect1d(
        before.particles, now.particles, assume_unique=True, return_indices=True
    )
    right = int(np.count_nonzero(before.features[i] == now.features[j]))
    _, k, m = np.intersect1d(before.features, now.features, assume_unique=True, return_indices=True)
    false = int(np.count_nonzero(before.particles[k] != now.particles[m]))
    return len(i), right, false
