"""What a file of trajectories was made with, so that nothing but the same job resumes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from longtake.frames.gray import Gray
    from longtake.tracking.finding import Parameters

_FIRST_IMAGE = "first_image"


class Movie(Protocol):
    """What tells one movie from another: `Frames` has it, and so have `LiveFrames`."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fingerprint: str


def made_with(
    parameters: Parameters,
    search_range: float | Sequence[float],
    memory: int,
    gray: Gray,
    movie: Movie,
) -> dict[str, object]:
    """Give all that decides the result of a job, as plain values.

    What means the same is spelled the same: a size that does not differ by axis is one number, and
    what was left to its default is what that stands for.

    Examples
    --------
    >>> from longtake.frames import open_frames
    >>> from longtake.tracking.finding import Parameters
    >>> movie = open_frames(np.zeros((3, 48, 64), dtype="uint8"))
    >>> made = made_with(Parameters((9, 9)), (5, 4), 0, None, movie)
    >>> made["diameter"], made["separation"], made["threshold"], made["search_range"]
    (9, 10, 1, [5, 4])
    """
    ndim = len(movie.shape)
    sizes = {
        "diameter": parameters.diameter_along(ndim),
        "separation": parameters.separation_along(ndim),
        "noise_size": parameters.noise_size_along(ndim),
        "smoothing_size": parameters.smoothing_size_along(ndim),
        "search_range": search_range,
    }
    made = asdict(parameters) | {name: _shortest(size) for name, size in sizes.items()}
    del made["engine"]  # all give the same results
    made |= {
        "minmass": parameters.minmass or 0,
        "threshold": _threshold(parameters, movie.dtype),
        "memory": memory,
        "gray": _name(gray),
        "shape": movie.shape,
        "dtype": str(movie.dtype),
        _FIRST_IMAGE: movie.fingerprint,
    }
    return {name: _plain(value) for name, value in made.items()}


def require_same(path: Path, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Refuse to resume a file with other parameters than its own, or from another movie."""
    different = [
        f"{name} was {before.get(name)!r} and is now {now.get(name)!r}"
        for name in sorted({*before, *now} - {_FIRST_IMAGE})
        if before.get(name) != now.get(name)
    ]
    if different:
        raise InvalidArgument(
            f"{path} was made with other parameters ({'; '.join(different)}): resume it with the "
            "same ones, or choose another name for the output"
        )
    if before.get(_FIRST_IMAGE) != now.get(_FIRST_IMAGE):
        raise InvalidArgument(
            f"{path} was made from another movie: its first image is not this one's; resume with "
            "the whole movie, or choose another name for the output"
        )


def _threshold(parameters: Parameters, dtype: np.dtype) -> float:
    if parameters.threshold is None:
        return 1 / 255 if dtype.kind in "fb" else 1
    return max(parameters.threshold, 0)


def _shortest(size: Any) -> object:
    """Give one number for a size that is the same along all axes."""
    values = _plain(size)
    if isinstance(values, list) and len(set(values)) == 1:
        return values[0]
    return values


def _name(gray: Gray) -> int | str | None:
    if callable(gray):
        return f"function {getattr(gray, '__qualname__', type(gray).__qualname__)}"
    return gray


def _plain(value: Any) -> object:
    """Give a value as it is kept in the file: a number, text, or a list of such."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
