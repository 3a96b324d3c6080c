"""Link features."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import trackpy

from benchmarks.agreement import same_links
from benchmarks.row import Row, timed
from benchmarks.turns import one_core, seconds, take_turns
from longtake.tracking import link_df_iter, link_iter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort

TITLE = "Link features (`link_iter`, `link_df_iter`)"
ABOUT = """
Brownian particles 12 px apart on average, 2 % of them missed in each frame, in no particular order;
`link_iter` from arrays of positions, `link_df_iter` from tables. longtake links all frames of the
case, trackpy the first ones only, or it would take minutes: the figures are of one frame. In the
dense cases trackpy gives up with its default strategy, and then with the recursive one too.
"""
GOAL = 80
SPACING = 12.0


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    sizes = ((1_000, 1_000, effort.rounds), (10_000, 100, effort.long_rounds))
    for particles, frames, rounds in sizes:
        movie = brownian(particles, effort.frames(frames), sigma=1.0)
        first = max(3, len(movie) // 10)
        name = (
            f"{particles:,} particles x {len(movie):,} frames (trackpy: {first}), "
            "sigma 1, search_range 5"
        )
        yield _arrays(f"`link_iter`, {name}", movie, first, rounds)
        yield _tables(f"`link_df_iter`, {name}", movie, first, rounds)
    yield from _dense(effort)


def brownian(particles: int, frames: int, *, sigma: float) -> list[np.ndarray]:
    """Give the positions (n, 2) in each frame, of particles that start at random places."""
    random = np.random.default_rng(0)
    places = random.random((particles, 2)) * SPACING * np.sqrt(particles)
    movie = []
    for _ in range(frames):
        places = places + random.normal(0, sigma, places.shape)
        movie.append(places[random.random(particles) > 0.02])
    return movie


def _arrays(
    name: str,
    movie: list[np.ndarray],
    first: int,
    rounds: int,
    search_range: float = 5.0,
    strategy: str | None = None,
) -> Row:
    def theirs() -> Iterator[tuple[int, list[int]]]:
        return trackpy.linking.link_iter(movie[:first], search_range, link_strategy=strategy)

    def ours() -> Iterator[tuple[int, np.ndarray]]:
        return link_iter(movie, search_range)

    same_links((np.asarray(ids) for _, ids in theirs()), (ids for _, ids in islice(ours(), first)))
    with one_core():
        times = take_turns(
            rounds,
            lambda: seconds(lambda: _exhaust(theirs())) / first,
            lambda: seconds(lambda: _exhaust(ours())) / len(movie),
        )
    return timed(name, *times, goal=GOAL)


def _tables(name: str, movie: list[np.ndarray], first: int, rounds: int) -> Row:
    tables = [_table(frame, positions) for frame, positions in enumerate(movie)]

    def theirs() -> Iterator[pd.DataFrame]:
        return trackpy.link_df_iter(tables[:first], 5.0)

    def ours() -> Iterator[pd.DataFrame]:
        return link_df_iter(tables, 5.0)

    same_links(
        (table["particle"].to_numpy() for table in theirs()),
        (table["particle"].to_numpy() for table in islice(ours(), first)),
    )
    with one_core():
        times = take_turns(
            rounds,
            lambda: seconds(lambda: _exhaust(theirs())) / first,
            lambda: seconds(lambda: _exhaust(ours())) / len(movie),
        )
    return timed(name, *times)


def _dense(effort: Effort) -> Iterator[Row]:
    movie = brownian(2_000, 10, sigma=1.5)
    name = "`link_iter`, dense: 2,000 particles x 10 frames, sigma 1.5, search_range {} spacing"
    crowded, packed = 0.7, 1.0
    yield _if_it_gets_through(name.format(crowded), movie, crowded * SPACING, None)
    yield _arrays(
        f"{name.format(crowded)}, trackpy's recursive strategy",
        movie,
        len(movie),
        effort.rounds,
        crowded * SPACING,
        "recursive",
    )
    yield _if_it_gets_through(
        f"{name.format(packed)}, trackpy's recursive strategy",
        movie,
        packed * SPACING,
        "recursive",
    )


def _if_it_gets_through(
    name: str, movie: list[np.ndarray], search_range: float, strategy: str | None
) -> Row:
    """Show that trackpy raises, if it does, and how long ours takes."""
    try:
        _exhaust(trackpy.linking.link_iter(movie, search_range, link_strategy=strategy))
        theirs = "solved"
    except trackpy.SubnetOversizeException as error:
        theirs = f"raises {type(error).__name__}"
    with one_core():
        ours_s = seconds(lambda: _exhaust(link_iter(movie, search_range))) / len(movie)
    ours = f"{ours_s * 1e3:.2f}"
    return Row(name, theirs, ours, "ms a frame", goal="solved", reached=True)


def _table(frame: int, positions: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"y": positions[:, 0], "x": positions[:, 1], "frame": frame})


def _exhaust(items: Iterable[object]) -> None:
    for _ in items:
        pass
