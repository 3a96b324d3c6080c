"""Other words for the same job give the same record of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import InvalidArgument
from longtake.frames import open_frames
from longtake.tracking.finding import Parameters
from longtake.tracking.made_with import made_with, require_same

MOVIE = open_frames(np.zeros((2, 40, 48), "uint8"))


def record(search_range=5, memory=0, gray=None, movie=MOVIE, **options):
    return made_with(Parameters(**{"diameter": 9} | options), search_range, memory, gray, movie)


@given(
    diameter=st.integers(1, 9).map(lambda n: 2 * n + 1),
    separation=st.none() | st.floats(0, 30),
    search_range=st.floats(0.1, 50) | st.integers(1, 50),
)
def test_a_size_along_every_axis_is_that_size(diameter, separation, search_range):
    once = record(search_range, diameter=diameter, separation=separation)
    each = record(
        np.array([search_range] * 2),
        diameter=(diameter, float(diameter)),
        separation=(diameter + 1 if separation is None else separation,) * 2,
        smoothing_size=[diameter] * 2,
        engine="python",
    )
    assert once == each
    require_same(Path("a.h5"), once, each)


@pytest.mark.parametrize("name", sorted(asdict(Parameters(9)).keys() - {"engine"}))
def test_whatever_changes_the_result_is_told(name):
    other = {"invert": True, "preprocess": False, "characterize": False, "smoothing_size": 7}
    changed = record(**{name: other.get(name, 5)})
    with pytest.raises(InvalidArgument, match=f"{name} was "):
        require_same(Path("a.h5"), record(), changed)


@pytest.mark.parametrize(
    "changed", [{"search_range": (5, 6)}, {"memory": 1}, {"gray": 0}, {"gray": np.mean}]
)
def test_so_is_what_is_not_of_the_features(changed):
    with pytest.raises(InvalidArgument, match=f"{next(iter(changed))} was "):
        require_same(Path("a.h5"), record(), record(**changed))


def test_another_movie_is_told_apart_by_its_first_image():
    other = open_frames(np.ones((2, 40, 48), "uint8"))
    with pytest.raises(InvalidArgument, match="another movie"):
        require_same(Path("a.h5"), record(), record(movie=other))


def test_a_record_is_of_plain_values():
    kept = record(np.float32(5), np.int64(1), np.mean, separation=(np.float64(8), 9))
    assert {type(value) for value in kept.values()} <= {int, float, bool, str, list, type(None)}
    assert kept["separation"] == [8.0, 9]
    assert kept["gray"] == "function mean"
