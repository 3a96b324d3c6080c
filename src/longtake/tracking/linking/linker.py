"""Follow particles from frame to frame: a small state that moves on one frame at a time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tracking.compiling import compiling
from longtake.tracking.linking.known import KnownParticles, name_by_links
from longtake.tracking.linking.matching import Matching
from longtake.tracking.linking.parameters import check_strategies, matching_rule
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike

# Squares of coordinates must stay numbers.
_FARTHEST = 1e100


class Linker:
    """Give every position of every frame the number of the particle it belongs to.

    Parameters
    ----------
    search_range : float, or one float for each axis
        The furthest a particle moves from one frame to the next, in the unit of the positions.
    memory : int
        For how many frames a particle may be out of sight and still be known when it reappears
        near the place where it was last seen.
    ndim : int
        The number of coordinates of a position.
    adaptive_stop : float, or one float for each axis, optional
        Where more than 15 particles crowd together, shrink the search range step by step; give
        up when it is no longer above this length. By default crowds of any size are solved.
    adaptive_step : float
        The factor by which the range shrinks.
    neighbor_strategy : {"KDTree", "BTree"}, optional
        Accepted for trackpy's sake: all its values lead to the same links.
    link_strategy : {"auto", "recursive", "nonrecursive", "numba", "hybrid", "drop"}, optional
        With "drop", particles that have a choice of positions, or rivals for one, are not linked.
        All others lead to the same links, the best ones.
    to_eucl : callable, optional
        Turns (n, ndim) positions into coordinates of which the plain distance is meant.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument cannot be used.

    Notes
    -----
    In every step the links minimise the sum of their squared lengths plus `search_range` squared
    for each particle left without one, exactly, among the 10 nearest particles of each position.
    Subnets of any size are solved.

    The numbers are the same on every machine: those of the first frame are 0, 1, … in the order of
    its rows, and particles that appear later get the next ones, in the order of the rows.

    A linker is for one thread; any number of linkers run side by side.

    Examples
    --------
    >>> linker = Linker(search_range=2, memory=1)
    >>> linker.advance(0, [[0, 0], [10, 10]])
    array([0, 1])
    >>> linker.advance(1, [[10, 11]])
    array([1])
    >>> linker.advance(2, [[10, 12], [1, 0], [50, 50]])
    array([1, 0, 2])
    """

    def __init__(
        self,
        search_range: float | Sequence[float],
        memory: int = 0,
        ndim: int = 2,
        *,
        adaptive_stop: float | Sequence[float] | None = None,
        adaptive_step: float = 0.95,
        neighbor_strategy: str | None = None,
        link_strategy: str | None = None,
        to_eucl: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        check_strategies(neighbor_strategy, link_strategy)
        self.memory = whole_number(memory, "memory", least=0)
        self.ndim = whole_number(ndim, "ndim", least=1)
        self._matching, self._lengths = matching_rule(
            search_range, self.ndim, adaptive_stop, adaptive_step, link_strategy
        )
        self._to_eucl = to_eucl
        if to_eucl is not None and self._lengths is not None:
            raise InvalidArgument(
                "to_eucl and a search_range for each axis cannot be used together: let to_eucl "
                "return coordinates divided by the ranges, and give search_range=1"
            )
        self._known = KnownParticles.none()
        self._frame_no: int | None = None
        self._next_id = 0

    @property
    def frame_no(self) -> int | None:
        """The number of the last frame, or None before the first."""
        return self._frame_no

    @property
    def next_id(self) -> int:
        """The number that the next new particle will get."""
        return self._next_id

    def advance(self, frame_no: int, positions: ArrayLike) -> np.ndarray:
        """Move on to a frame; give the particle of each of its positions.

        Parameters
        ----------
        frame_no : int
            Higher than the last one. Numbers left out count as frames without any particle.
        positions : (n, ndim) float64
            Where particles were found; n may be 0.

        Returns
        -------
        (n,) int64

        Raises
        ------
        InvalidArgument
            If the frame is not a later one, or a coordinate is not finite. The linker then is as
            it was before the call.
        SubnetOversizeException
            If `adaptive_stop` was given and a crowd could not be split; likewise.
        """
        frame_no = whole_number(frame_no, "frame_no")
        if self._frame_no is not None and frame_no <= self._frame_no:
            raise InvalidArgument(
                f"frame {frame_no} cannot follow frame {self._frame_no}: frames are linked in "
                "ascending order, each once"
            )
        points = self._points_of(frame_no, positions)
        _compile_kernels()
        known = self._known.since(frame_no - 1 - self.memory)
        links = self._matching.links(known.points, points)

        ids, lost, next_id = name_by_links(links, known, frame_no - self.memory, self._next_id)
        self._known = known.followed_by(frame_no, points, ids, lost)
        self._frame_no, self._next_id = frame_no, next_id
        return ids.copy()

    def restore(self, history: Iterable[tuple[int, ArrayLike, ArrayLike]], next_id: int) -> None:
        """Go on from results kept elsewhere, as if linking had never stopped.

        Parameters
        ----------
        history : iterable of (frame_no, positions, ids)
            The last ``memory + 1`` frames, ascending; earlier ones do no harm. Frames without
            particles may be left out, except that the last one says where to go on.
        next_id : int
            One more than the highest number given so far.

        Raises
        ------
        InvalidArgument
            If the history cannot have come from a linker. The linker then is as it was.

        Notes
        -----
        Restored with the same parameters, a linker gives exactly the numbers that the original
        would have given: its state is a function of this history alone.

        Examples
        --------
        >>> linker = Linker(search_range=2)
        >>> linker.restore([(7, [[0, 0], [10, 10]], [3, 5])], next_id=6)
        >>> linker.advance(8, [[10, 11], [30, 30], [0, 1]])
        array([5, 6, 3])
        """
        next_id = whole_number(next_id, "next_id")
        last = None
        known = KnownParticles.none()
        for frame_no, positions, particles in history:
            frame_no = whole_number(frame_no, "frame_no")
            if last is not None and frame_no <= last:
                raise InvalidArgument(f"the history is not ascending: {frame_no} follows {last}")
            last = frame_no
            points = self._points_of(frame_no, positions)
            ids = _checked_ids(frame_no, particles, len(points), next_id)
            lost = (known.last_seen >= frame_no - self.memory) & ~np.isin(known.ids, ids)
            known = known.followed_by(frame_no, points, ids, lost)
        self._known, self._frame_no, self._next_id = known, last, next_id

    def _points_of(self, frame_no: int, positions: ArrayLike) -> np.ndarray:
        """Give the positions as points of the space in which distance is plain distance."""
        try:
            places = np.asarray(positions, np.float64)
        except (TypeError, ValueError) as error:
            raise WrongType(f"the positions of frame {frame_no} are no numbers: {error}") from None
        if places.size == 0:
            places = places.reshape(0, self.ndim)
        if places.ndim != 2 or places.shape[1] != self.ndim:
            raise InvalidArgument(
                f"the positions of frame {frame_no} have the shape {places.shape}, "
                f"not (n, {self.ndim})"
            )
        given = places
        if self._to_eucl is not None:
            places = np.asarray(self._to_eucl(given), np.float64)
            if places.ndim != 2 or len(places) != len(given):
                raise InvalidArgument(
                    f"to_eucl gave an array of shape {places.shape} for {len(given)} positions: "
                    "it must give a row of coordinates for each"
                )
        elif self._lengths is not None:
            places = places / self._lengths
        # The kernels take three coordinates or more.
        points = np.zeros((len(places), max(3, places.shape[1])))
        points[:, -places.shape[1] :] = places
        # Written so that a NaN, which compares with nothing, is caught as well.
        if len(points) and not (points.min() >= -_FARTHEST and points.max() <= _FARTHEST):
            usable = (np.abs(points) <= _FARTHEST).all(axis=1)
            row = int(np.argmin(usable))
            raise InvalidArgument(
                f"frame {frame_no}, row {row}: the position {given[row].tolist()} is not finite "
                f"(or beyond {_FARTHEST:g}); leave such rows out before linking"
            )
        return points


@cache
def _compile_kernels() -> None:
    """Make sure, once a process, that nobody waits for the compiler without knowing why."""
    # Patience: even compiled kernels take a second to load on a busy machine.
    with compiling(about_s=4, patience_s=2.5):
        one = np.zeros((1, 3))
        links = Matching(search_range=1.0).links(one, one)
        name_by_links(links, KnownParticles(one, *np.zeros((2, 1), np.int64)), 0, 1)


def _checked_ids(frame_no: int, particles: ArrayLike, count: int, next_id: int) -> np.ndarray:
    ids = np.array(particles, np.int64).reshape(-1)
    if len(ids) != count or len(np.unique(ids)) != count:
        raise InvalidArgument(
            f"frame {frame_no} has {count} positions but {len(np.unique(ids))} different ids"
        )
    if count and not (ids.min() >= 0 and ids.max() < next_id):
        raise InvalidArgument(
            f"frame {frame_no} has ids from {ids.min()} to {ids.max()}, but next_id is {next_id}"
        )
    return ids
