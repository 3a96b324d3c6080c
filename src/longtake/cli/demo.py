"""``longtake demo``: record, follow and track a simulated movie, beside the truth."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from longtake.pipeline import Progress
    from longtake.tracking.simulation import BrownianMovie

_DIAMETER = 9
_SEARCH_RANGE = 5
_MINMASS = 100
_TOLERANCE_PX = 2.0
#: Nothing takes so long, unless the recorder hangs.
_TIMEOUT_S = 60.0


def demo(
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to make.")] = Path(
        "longtake-demo.h5"
    ),
    frames: Annotated[int, typer.Option(help="Length of the movie.")] = 300,
    particles: Annotated[int, typer.Option(help="Particles in the movie.")] = 150,
    diffusion: Annotated[float, typer.Option(help="True D, pixels² a frame.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Another seed, another movie.")] = 0,
) -> None:
    """Record a simulated camera and a game in one process, track it live in another.

    What was found is compared with the truth of the simulation.
    """
    from longtake.cli.demo_files import clear
    from longtake.cli.demo_recorder import RATE
    from longtake.tracking.simulation import BrownianMovie

    movie = BrownianMovie(frames=frames, particles=particles, diffusion=diffusion, seed=seed)
    run = output.with_stem(f"{output.stem}-run")
    typer.echo(
        f"A movie of {particles} Brownian particles with camera noise: {frames} frames of "
        f"{movie.shape[0]} x {movie.shape[1]}, and a game.\nOne process records both, {RATE} "
        "frames a second; this one follows it, and tracks each frame as it comes."
    )
    clear(output, run)
    followed = _follow(run, output, movie)
    typer.echo(f"{followed}\n{_beside_the_truth(output, movie)}")
    typer.echo(f"recording in       {run}\ntrajectories in    {output}")


def _follow(run: Path, output: Path, movie: BrownianMovie) -> str:
    """Track the camera and follow the game while they are recorded; say how that went."""
    from longtake.cli.demo_files import MARK
    from longtake.cli.demo_recorder import recorder
    from longtake.cli.live_line import live_line
    from longtake.cli.live_stream import live_stream
    from longtake.streams import StreamFile
    from longtake.tracking import follow, link, locate

    StreamFile.create(output, {"application": MARK}).close()
    # What has to be compiled, is before the recording begins.
    link(locate(movie[0], _DIAMETER).assign(frame=0), _SEARCH_RANGE)
    stored: list[int] = []
    with recorder(run, movie, MARK), live_line() as show, ThreadPoolExecutor(1) as pool:

        def progress(now: Progress) -> None:
            if now.done > len(stored):
                stored.append(time.time_ns())
            show(now)

        with live_stream(f"{run}/camera", wait=_TIMEOUT_S, waiting=lambda: show(None)) as camera:
            states = pool.submit(_follow_game, run)
            follow(
                camera,
                _DIAMETER,
                _SEARCH_RANGE,
                output,
                resume=True,
                timeout=_TIMEOUT_S,
                progress=progress,
                minmass=_MINMASS,
            )
            lags = [(at - key) / 1e6 for at, key in zip(stored, camera.keys(), strict=True)]
    return (
        f"followed           {len(lags)} frames, {states.result()} states of the game; half of the "
        f"frames were\n                   tracked within {median(lags):.0f} ms, all within "
        f"{max(lags):.0f} ms"
    )


def _follow_game(run: Path) -> int:
    """Follow the game to its end; give how many states came as they were recorded."""
    import longtake as lt
    from longtake.cli.demo_recorder import game_state

    with lt.open(run) as view:
        states = view.data_streams.game.follow(timeout=_TIMEOUT_S)
        return sum(state == game_state(number) for number, (_, state) in enumerate(states))


def _beside_the_truth(output: Path, movie: BrownianMovie) -> str:
    """Say how good the trajectories are."""
    from longtake.framewise import FramewiseStore
    from longtake.tracking.accuracy import score
    from longtake.tracking.diffusion import diffusion_coefficient

    with FramewiseStore(output, mode="r") as store:
        measured = diffusion_coefficient(store)
        result = score(store, movie.truth(), tolerance=_TOLERANCE_PX)
    true = movie.diffusion
    off = f" ({100 * (measured.coefficient / true - 1):+.1f} %)" if true else ""
    return (
        f"found              {100 * result.found_fraction:.2f} % of {result.true} particle images,"
        f" {100 * result.false_fraction:.2f} % false, {result.position_error:.3f} px off\n"
        f"linking accuracy   {100 * result.linking_accuracy:.2f} % of {result.true_links} steps\n"
        f"diffusion          {measured.coefficient:.4f} ± {measured.error:.4f} px²/frame"
        f" measured, {true:.4f} true{off}"
    )
