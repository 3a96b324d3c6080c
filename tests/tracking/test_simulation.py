"""The simulated movie is what it says: the same each time, unbiased, of the light it should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from longtake.errors import InvalidArgument
from longtake.tracking.simulation import BrownianMovie

SMALL = {"frames": 40, "shape": (128, 160), "particles": 6}


def test_the_same_parameters_give_the_same_images_in_any_order():
    once = list(BrownianMovie(**SMALL, seed=3))
    again = BrownianMovie(**SMALL, seed=3)
    for frame in (39, 0, 20, 21, 5, -1):
        np.testing.assert_array_equal(again[frame], once[frame])
    assert len(once) == len(again) == 40


def test_another_seed_gives_another_movie():
    assert (BrownianMovie(**SMALL, seed=1)[0] != BrownianMovie(**SMALL, seed=2)[0]).any()


def test_the_truth_is_where_the_spots_are():
    movie = BrownianMovie(**SMALL, read_noise=0, peak=2000, dtype="uint16")
    for image, table in zip(movie, movie.truth(), strict=True):
        for y, x in table[["y", "x"]].to_numpy():
            rows, columns = np.mgrid[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5]
            light = image[rows, columns] - 30.0
            assert abs((rows * light).sum() / light.sum() - y) < 0.3
            assert abs((columns * light).sum() / light.sum() - x) < 0.3


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_noise_has_the_poisson_variance_and_the_cameras(dtype):
    movie = BrownianMovie(frames=1, shape=(512, 512), particles=0, background=50, dtype=dtype)
    image = movie[0].astype(float)
    assert abs(image.mean() - 50) < 5 * np.sqrt(54 / image.size)
    # Shot noise 50, camera 2², rounding to whole counts 1/12.
    expected = 50 + 4 + 1 / 12
    assert abs(image.var() / expected - 1) < 5 * np.sqrt(2 / image.size)


def test_too_much_light_saturates():
    image = BrownianMovie(**SMALL, peak=5000)[0]
    assert image.dtype == np.uint8
    assert image.max() == 255


def test_spots_never_touch_nor_leave_and_their_number_stays():
    movie = BrownianMovie(frames=400, shape=(256, 256), particles=40, diffusion=0.5)
    for table in movie.truth():
        positions = table[["y", "x"]].to_numpy()
        nearest = KDTree(positions).query(positions, k=2)[0][:, 1]
        assert nearest.min() > 6 * movie.radius - 2
        assert len(table) == 40
        assert positions.min() > 4 * movie.radius
        assert positions.max() < 255 - 4 * movie.radius


def test_a_particle_that_left_does_not_come_back():
    movie = BrownianMovie(frames=300, shape=(160, 160), particles=8, diffusion=1)
    gone: set[int] = set()
    before: set[int] = set()
    for table in movie.truth():
        now = set(table["particle"])
        assert not now & gone
        gone |= before - now
        before = now
    assert gone


def test_steps_are_unbiased():
    """Replacing particles by where they are, not where they go, selects no steps."""
    total = count = 0.0
    drift = np.zeros(2)
    movie = BrownianMovie(frames=1500, shape=(200, 200), particles=14, diffusion=0.5, seed=7)
    before = None
    for table in movie.truth():
        now = table.set_index("particle")[["y", "x"]]
        if before is not None:
            steps = (now - before).dropna().to_numpy()
            total += (steps**2).sum()
            drift += steps.sum(axis=0)
            count += len(steps)
        before = now
    assert abs(total / (2 * count) - 1.0) < 5 * np.sqrt(2 / (2 * count))
    assert (np.abs(drift) < 5 * np.sqrt(count)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"particles": 10_000},
        {"shape": (20, 20)},
        {"radius": 0},
        {"diffusion": -1},
        {"background": 0},
        {"background": float("nan")},
        {"dtype": "float32"},
        {"frames": -1},
        {"seed": -1},
    ],
)
def test_what_makes_no_sense_is_refused_at_once(wrong):
    with pytest.raises(InvalidArgument):
        BrownianMovie(**{**SMALL, **wrong})


def test_frames_beyond_the_end_are_an_index_error():
    with pytest.raises(IndexError, match="0 to 39"):
        BrownianMovie(**SMALL)[40]
