"""Find features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio.v3
import numpy as np
import trackpy

from benchmarks.agreement import same_features
from benchmarks.row import Row, timed
from benchmarks.turns import one_core, seconds, take_turns
from longtake.tracking import locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort

TITLE = "Find features (`locate`)"
ABOUT = """
One image at a time, as a table with all columns; trackpy with `engine="numba"`. The first case is
microscopy of diffusing colloids; the others are Gaussian spots on a jittered grid, with a camera's
noise. The maxima are those that are refined, of which the features are what is left.
"""
GOAL = 8
_REAL_FRAMES = Path(__file__).parents[2] / "shared" / "data" / "bulk_water"
_SIDE = 2048


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    yield _real_frames(effort)
    few = spots(2_000, radius=2.5, noise=3, jitter=10)
    yield _compare(f"{_SIDE} x {_SIDE} uint8", [few], effort, diameter=13, minmass=300)
    many = spots(20_000, radius=1.2, noise=5, jitter=2)
    yield _compare(f"{_SIDE} x {_SIDE} uint8", [many], effort, diameter=7, minmass=100)


def _real_frames(effort: Effort) -> Row:
    files = sorted(_REAL_FRAMES.glob("*.png"))
    if not files:
        where = "/".join(_REAL_FRAMES.parts[-3:])
        return Row("real frames", f"skipped: no {where} beside the repository", "", "")
    images = [imageio.v3.imread(file)[:, :, 0] for file in files[: effort.frames(10)]]
    height, width = images[0].shape
    name = f"bulk_water: {len(images)} real frames, {height} x {width} {images[0].dtype}"
    return _compare(name, images, effort, diameter=11, invert=True)


def _compare(name: str, images: list[np.ndarray], effort: Effort, **options: Any) -> Row:
    def theirs(image: np.ndarray) -> Any:
        return trackpy.locate(image, engine="numba", **options)

    def ours(image: np.ndarray) -> Any:
        return locate(image, **options)

    for image in images:
        same_features(theirs(image), ours(image))
    with one_core():
        times = take_turns(
            effort.rounds,
            lambda: seconds(lambda: [theirs(image) for image in images]) / len(images),
            lambda: seconds(lambda: [ours(image) for image in images]) / len(images),
        )
    given = ", ".join(f"{option}={value}" for option, value in options.items())
    found = f"{_maxima(images[0], **options):,} maxima, {len(ours(images[0])):,} features"
    return timed(f"{name}, {given}: {found}", *times, goal=GOAL)


def _maxima(image: np.ndarray, diameter: int, *, invert: bool = False, **_: Any) -> int:
    """How many maxima trackpy has to refine in an image."""
    pixels = trackpy.preprocessing.invert_image(image) if invert else image
    smooth = trackpy.preprocessing.bandpass(pixels, 1, diameter, 1)
    _, whole = trackpy.preprocessing.convert_to_int(smooth, "uint8")
    margin = (diameter // 2,) * 2
    return len(trackpy.find.grey_dilation(whole, diameter + 1, 64, margin, precise=False))


def spots(count: int, *, radius: float, noise: float, jitter: float) -> np.ndarray:
    """Draw Gaussian spots of peak 150 on a background of 20, one in each of `count` cells.

    Parameters
    ----------
    count : int
    radius, noise : float
        Standard deviations: of a spot's profile, pixels; of the noise, counts.
    jitter : float, pixels
        How far from the middle of its cell a spot may be.

    Returns
    -------
    (2048, 2048) uint8
    """
    random = np.random.default_rng(count)
    across = int(np.ceil(np.sqrt(count)))
    cells = random.permutation(across**2)[:count]
    pitch = (_SIDE - 40) / across
    middles = 20 + pitch * (np.stack(np.divmod(cells, across), axis=1) + 0.5)
    light = np.full((_SIDE, _SIDE), 20.0)
    reach = int(4 * radius) + 1
    for place in middles + random.uniform(-jitter, jitter, middles.shape):
        corner = place.astype(int) - reach
        offsets = corner[:, np.newaxis] + np.arange(2 * reach + 1) - place[:, np.newaxis]
        profiles = np.exp(-0.5 * (offsets / radius) ** 2)
        y, x = (slice(begin, begin + 2 * reach + 1) for begin in corner)
        light[y, x] += 150 * np.outer(*profiles)
    light += random.normal(0, noise, light.shape)
    return np.clip(light, 0, 255).astype("uint8")
