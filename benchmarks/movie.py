"""Track a whole movie."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import imageio.v3
import numpy as np
import pims
import tifffile
import trackpy

from benchmarks.agreement import same_features, same_links
from benchmarks.row import Row, timed
from benchmarks.turns import one_core, seconds, take_turns
from longtake.framewise import FramewiseStore
from longtake.tracking import track
from longtake.tracking.simulation import BrownianMovie

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort

TITLE = "Track a whole movie, from image files to a linked file"
ABOUT = """
424 x 640 frames of uint8 with 500 simulated Brownian particles each, diameter 9, minmass 300,
search_range 4. trackpy: a pims reader, `batch(output=PandasHDFStoreBig)` with the numba engine,
then `link_df_iter`, putting each linked table back into the store. longtake: `track`. The TIFF is
one uncompressed stack; the PNGs are RGBA as cameras' software and the colloids' frames are, of
which the red channel is taken: decoding them is most of the work. "All cores" is trackpy with
`processes="auto"` and longtake as it is by default, in threads.
"""
GOAL = 10
_DIAMETER, _MINMASS, _RANGE = 9, 300, 4


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    movie = BrownianMovie(
        frames=effort.frames(100), shape=(424, 640), particles=500, diffusion=0.1, radius=1.5
    )
    images = np.stack([*movie])
    outputs = (folder / f"{number}.h5" for number in count())
    rounds = effort.long_rounds

    stack = folder / "movie.tif"
    tifffile.imwrite(stack, images, photometric="minisblack")
    open_stack = lambda: pims.TiffStack(str(stack))  # noqa: E731
    _check(open_stack, stack, outputs)
    name = f"{len(images)} frames from a TIFF stack"
    with one_core():
        yield _compare(name, len(images), rounds, open_stack, stack, outputs, goal=GOAL)

    pattern = folder / "png" / "*.png"
    _write_pngs(images, pattern.parent)
    open_pngs = lambda: _red(pims.ImageSequence(str(pattern)))  # noqa: E731
    name = f"{len(images)} frames from RGBA PNGs"
    with one_core():
        yield _compare(name, len(images), rounds, open_pngs, pattern, outputs)
    yield _compare(
        f"{name}, all cores", len(images), rounds, open_pngs, pattern, outputs, "auto", None
    )


@pims.pipeline
def _red(image: np.ndarray) -> np.ndarray:
    return image[:, :, 0]


def _compare(
    name: str,
    frames: int,
    rounds: int,
    open_theirs: Callable[[], Any],
    ours: Path,
    outputs: Iterator[Path],
    processes: int | str = 1,
    workers: int | None = 1,
    goal: float | None = None,
) -> Row:
    times = take_turns(
        rounds,
        lambda: seconds(lambda: _trackpy(open_theirs, next(outputs), processes)) / frames,
        lambda: seconds(lambda: _longtake(ours, next(outputs), workers)) / frames,
    )
    return timed(name, *times, goal=goal)


def _trackpy(open_movie: Callable[[], Any], output: Path, processes: int | str) -> None:
    with trackpy.PandasHDFStoreBig(str(output)) as store:
        trackpy.batch(
            open_movie(),
            _DIAMETER,
            minmass=_MINMASS,
            output=store,
            processes=processes,
            engine="numba",
        )
        for linked in trackpy.link_df_iter(store, _RANGE):
            store.put(linked)


def _longtake(source: Path, output: Path, workers: int | None) -> None:
    gray = 0 if source.suffix == ".png" else None
    track(source, _DIAMETER, _RANGE, output, gray=gray, workers=workers, minmass=_MINMASS)


def _check(open_stack: Callable[[], Any], stack: Path, outputs: Iterator[Path]) -> None:
    """Raise unless both put the same into their files; all kernels are compiled then, too."""
    theirs, ours = next(outputs), next(outputs)
    _trackpy(open_stack, theirs, 1)
    _longtake(stack, ours, 1)
    with trackpy.PandasHDFStoreBig(str(theirs)) as store:
        their_table = store.dump()
    with FramewiseStore(ours) as store:
        our_table = store.dump()
    same_features(their_table, our_table)
    same_links([their_table["particle"].to_numpy()], [our_table["particle"].to_numpy()])


def _write_pngs(images: np.ndarray, folder: Path) -> None:
    folder.mkdir()
    for number, image in enumerate(images):
        colour = np.repeat(image[:, :, np.newaxis], 4, axis=2)
        colour[:, :, 3] = 255
        imageio.v3.imwrite(folder / f"frame{number:05}.png", colour)
