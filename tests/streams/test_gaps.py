"""Gaps in the keys of frames."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longtake.streams.gaps import Gap, GapFinder


def found_in(keys) -> GapFinder:
    finder = GapFinder()
    for key in keys:
        finder.take_in(key)
    return finder


@given(
    start=st.integers(-(2**62), 2**62),
    step=st.integers(100, 10**9),
    jitter=st.lists(st.floats(-0.1, 0.1), min_size=5, max_size=80),
)
def test_about_equal_steps_leave_no_gap(start, step, jitter):
    finder = found_in(start + n * step + int(late * step) for n, late in enumerate(jitter))
    assert (list(finder.found), finder.missing) == ([], 0)


@given(
    step=st.integers(1, 10**6),
    runs=st.lists(st.integers(4, 40), min_size=1, max_size=5),
    left_out=st.lists(st.integers(1, 20), min_size=5, max_size=5),
)
def test_frames_that_are_left_out_are_counted(step, runs, left_out):
    keys, expected, frame = [], [], 0
    for run, missing in zip(runs, left_out, strict=False):
        if keys:
            frame += missing
            expected.append(Gap(keys[-1], frame * step, missing))
        keys += [(frame + n) * step for n in range(run)]
        frame += run
    finder = found_in(keys)
    assert list(finder.found) == expected
    assert finder.missing == sum(gap.missing for gap in expected)


def test_a_camera_that_is_slowed_down_for_good_soon_has_no_gaps():
    finder = found_in([*range(0, 1000, 10), *range(1000, 4000, 30)])
    assert 0 < len(finder.found) < 40
    assert all(gap.before < 2000 for gap in finder.found)


def test_no_step_is_usual_before_three():
    assert not found_in([0, 1000, 1001]).found
    assert not found_in([5]).found
    assert not found_in([]).found


def test_the_last_hundred_are_kept_and_all_are_counted():
    keys = [n for n in range(1000) if n % 5]
    finder = found_in(keys)
    assert len(finder.found) == 100
    assert finder.found[-1] == Gap(994, 996, 1)
    assert finder.missing == 199
