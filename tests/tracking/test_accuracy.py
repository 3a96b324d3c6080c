"""The score of a tracking, on trackings whose faults are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longtake.errors import InvalidArgument
from longtake.tracking.accuracy import score
from longtake.tracking.simulation import BrownianMovie


@pytest.fixture
def truth():
    return list(BrownianMovie(frames=10, shape=(160, 160), particles=8, diffusion=0.1).truth())


def test_the_truth_scores_full_marks(truth):
    result = score(truth, truth, tolerance=1)
    assert (result.true, result.found, result.matched) == (80, 80, 80)
    assert result.true_links == result.right_links > 60
    assert (result.false_links, result.position_error) == (0, 0)
    assert (result.found_fraction, result.false_fraction, result.linking_accuracy) == (1, 0, 1)


def test_ids_need_not_be_the_same_numbers(truth):
    renamed = [table.assign(particle=1000 - 3 * table["particle"]) for table in truth]
    assert score(renamed, truth, tolerance=1).linking_accuracy == 1


def test_position_error_is_the_rms_distance(truth):
    moved = [table.assign(y=table["y"] + 0.3, x=table["x"] - 0.4) for table in truth]
    assert score(moved, truth, tolerance=1).position_error == pytest.approx(0.5)
    assert score(moved, truth, tolerance=0.4).matched == 0


def test_what_was_missed_and_what_is_none(truth):
    extra = pd.DataFrame({"y": [2.0], "x": [2.0], "frame": [4], "particle": [99]})
    found = [*truth[:4], pd.concat([truth[4].iloc[1:], extra]), *truth[5:]]
    result = score(found, truth, tolerance=1)
    assert (result.true, result.found, result.matched) == (80, 80, 79)
    assert result.false_fraction == pytest.approx(1 / 80)


def test_two_tracks_that_swap_are_two_missed_and_two_false_links(truth):
    assert set(truth[4]["particle"]) == set(truth[5]["particle"])
    a, b = truth[5]["particle"].iloc[:2]
    found = [
        *truth[:5],
        *(t.assign(particle=t["particle"].replace({a: b, b: a})) for t in truth[5:]),
    ]
    result = score(found, truth, tolerance=1)
    assert result.true_links - result.right_links == 2
    assert result.false_links == 2


def test_a_frame_not_found_is_one_without_features(truth):
    empty = truth[3].iloc[:0].copy()
    empty.attrs["frame_no"] = 3
    for found in ([*truth[:3], *truth[4:]], [*truth[:3], empty, *truth[4:]]):
        result = score(found, truth, tolerance=1)
        assert result.matched == 72
        assert result.linking_accuracy == 1


def test_nothing_found_at_all(truth):
    result = score([], truth, tolerance=1)
    assert result.found_fraction == 0
    assert np.isnan(result.position_error)


@pytest.mark.parametrize("tolerance", [0, -1, float("nan")])
def test_a_tolerance_is_a_distance(tolerance, truth):
    with pytest.raises(InvalidArgument):
        score(truth, truth, tolerance=tolerance)
