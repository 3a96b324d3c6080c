"""The diffusion coefficient: unbiased, with an honest error, in flat memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longtake.errors import InvalidArgument
from longtake.tracking.diffusion import diffusion_coefficient


def walks(seed, *, tracks=20, frames=50, diffusion=0.4, blur=0.0, columns=("y", "x")):
    """Tables of free walkers, seen with an error."""
    random = np.random.default_rng(seed)
    shape = (frames, tracks, len(columns))
    true = random.normal(0, np.sqrt(2 * diffusion), shape).cumsum(axis=0)
    seen = true + random.normal(0, blur, shape)
    for frame, positions in enumerate(seen):
        table = pd.DataFrame(positions, columns=list(columns))
        yield table.assign(frame=frame, particle=np.arange(tracks))


@pytest.mark.parametrize(
    ("blur", "columns"), [(0.0, ("y", "x")), (0.3, ("z", "y", "x")), (1.0, ("y", "x"))]
)
def test_it_is_unbiased_and_its_error_is_the_scatter(blur, columns):
    measured = [
        diffusion_coefficient(walks(seed, blur=blur, columns=columns)) for seed in range(40)
    ]
    pulls = np.array([(m.coefficient - 0.4) / m.error for m in measured])
    assert abs(pulls.mean()) < 5 / np.sqrt(40)
    assert 0.65 < pulls.std() < 1.4
    assert abs(np.mean([m.localisation_error**2 for m in measured]) - blur**2) < 0.03


def test_the_plain_mean_square_would_be_biased():
    """The test above can fail: without the covariance term, an error of 1 px triples D."""
    tables = list(walks(1, blur=1.0))
    steps = np.diff([t[["y", "x"]].to_numpy() for t in tables], axis=0)
    assert (steps**2).mean() / 2 > 1.0
    assert diffusion_coefficient(tables).coefficient < 0.6


def test_steps_over_a_gap_are_not_used():
    tables = list(walks(2, frames=30))
    without = [*tables[:10], *tables[14:]]
    measured = diffusion_coefficient(without)
    assert measured.steps == 20 * (9 + 15)
    assert abs(measured.coefficient - 0.4) < 5 * measured.error


def test_a_frame_without_features_ends_the_tracks():
    tables = list(walks(3, frames=6))
    empty = tables[3].iloc[:0]
    assert diffusion_coefficient([*tables[:3], empty, *tables[4:]]).steps == 20 * 3


def test_order_of_rows_does_not_matter():
    tables = list(walks(4))
    shuffled = [table.sample(frac=1, random_state=i) for i, table in enumerate(tables)]
    assert diffusion_coefficient(shuffled).coefficient == pytest.approx(
        diffusion_coefficient(tables).coefficient
    )


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_too_short_trajectories_are_refused(frames):
    with pytest.raises(InvalidArgument, match="three frames"):
        diffusion_coefficient(walks(5, frames=frames))
