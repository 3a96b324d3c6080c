"""Link arrays of positions, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from longtake.errors import WrongType
from longtake.tracking.linking.linker import Linker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from longtake.tracking.linking.parameters import LinkOptions


def link_iter(
    coords_iter: Iterable[np.ndarray] | Iterable[tuple[int, np.ndarray]],
    search_range: float | Sequence[float],
    **options: Unpack[LinkOptions],
) -> Iterator[tuple[int, list[int]]]:
    """Link arrays of positions into trajectories, one frame at a time.

    Parameters
    ----------
    coords_iter : iterable of (n, ndim) float64, or of (frame number, such an array)
        The positions in each frame, in ascending order of frames. Arrays alone are numbered from
        0. Frame numbers left out count as frames without any particle.
    search_range : float, or one float for each axis
        The furthest a particle moves from one frame to the next.
    **options
        `memory`, `adaptive_stop`, `adaptive_step`, `neighbor_strategy`, `link_strategy`,
        `to_eucl`: see `Linker`.

    Yields
    ------
    frame_no : int
    particles : list of int
        The particle of each position, in the order of the rows.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument, a frame number or a position cannot be used.

    Notes
    -----
    One frame at a time is taken, and no more is kept than the next one needs.

    Examples
    --------
    >>> frames = [np.array([[0, 0], [9, 9]]), np.array([[9, 8], [0, 1]])]
    >>> list(link_iter(frames, search_range=2))
    [(0, [0, 1]), (1, [1, 0])]
    """
    Linker(search_range, ndim=np.size(search_range), **options)  # answers a bad option at once
    return _linked(coords_iter, search_range, options)


def _linked(coords_iter, search_range, options) -> Iterator[tuple[int, list[int]]]:
    linker = None
    for count, item in enumerate(coords_iter):
        frame_no, coords = (count, item) if isinstance(item, np.ndarray) else item
        if not isinstance(coords, np.ndarray) or coords.ndim != 2:
            raise WrongType(
                f"frame {frame_no}: positions are an array of shape (n, ndim), "
                f"not {type(coords).__name__}"
            )
        if linker is None:
            linker = Linker(search_range, ndim=coords.shape[1], **options)
        yield frame_no, linker.advance(frame_no, coords).tolist()
