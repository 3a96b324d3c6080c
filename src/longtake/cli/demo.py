"""``longtake demo``: the main job on a simulated movie, beside the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_DIAMETER = 9
_SEARCH_RANGE = 5
_MINMASS = 100
_TOLERANCE_PX = 2.0
#: What the demo writes at the root of its file, to know it again.
_MARK = "made_by"
_OURS = "longtake demo"


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
    """Simulate a movie of Brownian particles, track it, and compare with the truth."""
    from longtake.cli.progress import bar
    from longtake.framewise import FramewiseStore
    from longtake.streams import StreamFile
    from longtake.tracking import track
    from longtake.tracking.accuracy import score
    from longtake.tracking.diffusion import diffusion_coefficient
    from longtake.tracking.simulation import BrownianMovie

    movie = BrownianMovie(frames=frames, particles=particles, diffusion=diffusion, seed=seed)
    typer.echo(
        f"A movie of {particles} Brownian particles with camera noise: {frames} frames of "
        f"{movie.shape[0]} x {movie.shape[1]}."
    )
    _clear(output)
    StreamFile.create(output, {_MARK: _OURS}).close()
    options = {"minmass": _MINMASS, "resume": True}
    with bar() as progress:
        track(movie, _DIAMETER, _SEARCH_RANGE, output, progress=progress, **options)
    with FramewiseStore(output, mode="r") as store:
        measured = diffusion_coefficient(store)
        result = score(store, movie.truth(), tolerance=_TOLERANCE_PX)
    off = f" ({100 * (measured.coefficient / diffusion - 1):+.1f} %)" if diffusion else ""
    typer.echo(
        f"found              {100 * result.found_fraction:.2f} % of {result.true} particle images,"
        f" {100 * result.false_fraction:.2f} % false, {result.position_error:.3f} px off\n"
        f"linking accuracy   {100 * result.linking_accuracy:.2f} % of {result.true_links} steps\n"
        f"diffusion          {measured.coefficient:.4f} ± {measured.error:.4f} px²/frame"
        f" measured, {diffusion:.4f} true{off}\n"
        f"trajectories in    {output}"
    )


def _clear(output: Path) -> None:
    """Remove what an earlier demo left there, and nothing else."""
    from longtake.errors import AlreadyExists

    if not output.exists():
        return
    if not _is_ours(output):
        raise AlreadyExists(
            f"{output} exists and was not made by this demo, or was added to, or is in use: choose "
            "another name with --output"
        )
    output.unlink()


def _is_ours(output: Path) -> bool:
    """Whether a file has the demo's mark, and nothing in it but the demo's trajectories."""
    from longtake.errors import LongtakeError
    from longtake.hdf import Snapshot
    from longtake.hdf.attributes import read_attribute
    from longtake.hdf.layout import group_at, members

    try:
        with Snapshot(output) as snapshot, snapshot.structure() as h5:
            if snapshot.is_being_written or read_attribute(h5, _MARK) != _OURS:
                return False
            names = {
                name
                for kind, group in members(h5)
                if kind not in {"control", "finished"}
                for name, _ in members(group_at(h5, kind))
            }
            return names <= {"features"}
    except (LongtakeError, OSError, RuntimeError, KeyError, ValueError):
        return False
