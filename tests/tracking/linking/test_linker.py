"""The linker: numbering, memory, restoring, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from longtake.errors import InvalidArgument, SubnetOversizeException, WrongType
from longtake.tracking.linking import Linker

from .movies import movies, wander


def link_all(movie, *args, numbers=None, **options):
    linker = Linker(*args, **options)
    numbers = range(len(movie)) if numbers is None else numbers
    return [linker.advance(n, p).tolist() for n, p in zip(numbers, movie, strict=True)]


def contracting_grid(side=21, shrink=0.95):
    """Particles on a grid that shrinks to its middle: far from it, they move the furthest."""
    rows, columns = np.mgrid[:side, :side]
    first = np.stack([rows.ravel(), columns.ravel()], axis=1) - (side - 1) / 2
    return first, first * shrink


def test_numbers_follow_the_rows():
    ids = link_all([[[0, 0], [5, 5]], [[9, 9], [5, 6], [0, 1], [3, 0]]], 2)
    assert ids == [[0, 1], [2, 1, 0, 3]]


def test_nothing_is_linked_beyond_the_range():
    assert link_all([[[0, 0]], [[0, 2]], [[0, 4.001]]], 2) == [[0], [0], [1]]


def test_the_sum_counts_not_the_nearest():
    # The nearest link would leave the other particle behind: 0.1 + 4 > 1.21 + 0.81.
    assert link_all([[[0, 0], [0, 2]], [[0, 1.1], [0, 3.1]]], 1.5) == [[0, 1], [0, 1]]


@pytest.mark.parametrize(("memory", "known"), [(0, 1), (1, 2), (3, 4)])
def test_memory_counts_the_frames_out_of_sight(memory, known):
    for absent in range(5):
        movie = [[[0, 0]], *[[]] * absent, [[0, 1]]]
        same = link_all(movie, 2, memory)[-1] == [0]
        assert same == (absent < known)


def test_frame_numbers_left_out_are_empty_frames():
    movie = [[[0, 0]], [[0, 1]], [[0, 2]], [[0, 3]]]
    numbers = [0, 1, 3, 4]
    assert link_all(movie, 2, numbers=numbers) == [[0], [0], [1], [1]]
    assert link_all(movie, 2, memory=1, numbers=numbers) == [[0]] * 4


@settings(deadline=None)
@given(movie=movies, memory=st.integers(0, 3), cut=st.integers(0, 8))
def test_restored_equals_uninterrupted(movie, memory, cut):
    cut = min(cut, len(movie))
    # Every third number is left out: gaps are part of the history too.
    frames = [(i + i // 3, positions) for i, positions in enumerate(movie)]
    linker = Linker(1.0, memory)
    history = [(n, p, linker.advance(n, p)) for n, p in frames[:cut]]
    restored = Linker(1.0, memory)
    restored.restore(history[-(memory + 1) :], linker.next_id)
    for n, positions in frames[cut:]:
        expected = linker.advance(n, positions)
        assert restored.advance(n, positions).tolist() == expected.tolist()
        assert (restored.next_id, restored.frame_no) == (linker.next_id, linker.frame_no)


def test_restored_equals_uninterrupted_where_links_are_equally_good():
    """On a lattice nearly all choices are ties, which the order of the state decides."""
    rng = np.random.default_rng(7)
    for _ in range(50):
        movie = [np.unique(rng.integers(0, 6, (14, 2)), axis=0) for _ in range(6)]
        linker, memory = Linker(2.0, 2), 2
        history = []
        for n, positions in enumerate(movie):
            restored = Linker(2.0, memory)
            restored.restore(history[-3:], linker.next_id)
            ids = linker.advance(n, positions)
            assert restored.advance(n, positions).tolist() == ids.tolist()
            history.append((n, positions, ids))


def test_two_linkers_do_not_know_of_each_other():
    a, b = wander(1, 20, 6), wander(2, 20, 6)
    one, two = Linker(1.0), Linker(1.0)
    both = [(one.advance(i, p).tolist(), two.advance(i, q).tolist()) for i, (p, q) in
            enumerate(zip(a, b, strict=True))]  # fmt: skip
    assert [ids for ids, _ in both] == link_all(a, 1.0)
    assert [ids for _, ids in both] == link_all(b, 1.0)


def test_what_is_done_to_the_results_does_not_reach_the_linker():
    linker = Linker(2.0)
    positions = np.zeros((1, 2))
    linker.advance(0, positions)[:] = 99
    positions += 50
    assert linker.advance(1, [[0, 1]]).tolist() == [0]


@pytest.mark.parametrize("search_range", [0.75, 2.0])
def test_a_contracting_grid_of_441_is_one_subnet_and_solved(search_range):
    first, then = contracting_grid()
    assert link_all([first, then], search_range)[1] == list(range(441))


def test_a_thousand_in_one_subnet_are_linked_best():
    before, after = wander(5, 1_000, 2, missed=0.02)
    d2 = ((after[:, None] - before[None]) ** 2).sum(axis=2)
    d2[d2 > np.sort(d2, axis=1)[:, 9:10]] = 1e6  # a position has 10 candidates
    d2[d2 > 3.0**2] = 1e6
    alone = np.full((len(after), len(after)), 3.0**2)
    least = np.hstack([d2, alone])[linear_sum_assignment(np.hstack([d2, alone]))].sum()
    ids = np.array(link_all([before, after], 3.0)[1])
    linked = ids < len(before)
    total = d2[linked, ids[linked]].sum() + 3.0**2 * (~linked).sum()
    assert total == pytest.approx(least, rel=1e-12)


def test_an_adaptive_search_shrinks_the_range_of_a_crowd():
    first, then = contracting_grid()
    assert link_all([first, then], 2.0, adaptive_stop=0.1)[1][220] == 220
    with pytest.raises(SubnetOversizeException, match="441 particles crowd together"):
        link_all([first, then], 2.0, adaptive_stop=1.9)


def test_a_failed_step_changes_nothing():
    linker = Linker(2.0, memory=1, adaptive_stop=1.9)
    first, then = contracting_grid()
    linker.advance(0, first)
    for bad in ([[0, np.nan]], [[0, np.inf]], then, [[1, 2, 3]]):
        with pytest.raises((InvalidArgument, SubnetOversizeException)):
            linker.advance(1, bad)
    assert linker.advance(1, first[:2]).tolist() == [0, 1]


def test_drop_links_only_where_there_is_no_choice():
    movie = [[[0, 0], [0, 1], [9, 9]], [[0, 0.4], [9, 8]]]
    assert link_all(movie, 2, link_strategy="drop") == [[0, 1, 2], [3, 2]]
    assert link_all(movie, 2, link_strategy="auto") == [[0, 1, 2], [0, 2]]


def test_a_range_for_each_axis():
    movie = [[[0, 0], [50, 50]], [[0, 4], [54, 50]]]
    assert link_all(movie, (1, 5)) == [[0, 1], [0, 2]]
    assert link_all(movie, (5, 1)) == [[0, 1], [2, 1]]
    assert link_all(movie, (5, 5)) == [[0, 1], [0, 1]]


def test_to_eucl_says_what_distance_is():
    # Polar coordinates: a large step in angle at a small radius is a short way.
    def from_polar(polar):
        r, angle = polar.T
        return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1)

    movie = [[[0.1, 0.0], [10, 0.0]], [[0.1, np.pi], [10, np.pi]]]
    assert link_all(movie, 1.0, to_eucl=from_polar) == [[0, 1], [0, 2]]


@pytest.mark.parametrize("ndim", [1, 4])
def test_any_number_of_coordinates(ndim):
    movie = wander(4, 30, 3, ndim=ndim, crowding=0.05, missed=0)
    padded = [np.pad(p, ((0, 0), (0, 2))) for p in movie]
    assert link_all(movie, 0.5, ndim=ndim) == link_all(padded, 0.5, ndim=ndim + 2)


def test_a_bad_position_is_named():
    linker = Linker(2.0)
    linker.advance(0, [[0, 0]])
    with pytest.raises(InvalidArgument, match=r"frame 1, row 2: .*\[0.0, nan\]"):
        linker.advance(1, [[0, 0], [1, 1], [0, np.nan]])


def test_frames_ascend():
    linker = Linker(2.0)
    linker.advance(3, [[0, 0]])
    for earlier in (3, 2, -1):
        with pytest.raises(InvalidArgument, match="cannot follow frame 3"):
            linker.advance(earlier, [[0, 0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"search_range": 0}, "search_range must be positive"),
        ({"search_range": float("nan")}, "search_range must be positive"),
        ({"search_range": (1, 2, 3)}, "search_range"),
        ({"search_range": 1, "memory": -1}, "memory must be 0 or more, not -1"),
        ({"search_range": 1, "memory": 1.5}, "memory is a whole number, not 1.5"),
        ({"search_range": 1, "memory": 10**20}, "memory must fit in 64 bits"),
        ({"search_range": 1, "ndim": 0}, "ndim must be 1 or more"),
        ({"search_range": 1, "adaptive_stop": 0}, "adaptive_stop must be positive"),
        ({"search_range": 1, "adaptive_stop": 0.5, "adaptive_step": 1}, "adaptive_step"),
        ({"search_range": 1, "neighbor_strategy": "Tree"}, "neighbor_strategy"),
        ({"search_range": 1, "link_strategy": "best"}, "link_strategy"),
        ({"search_range": (1, 2), "to_eucl": abs}, "to_eucl"),
    ],
)
def test_bad_arguments_are_answered_at_once(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        Linker(**arguments)


def test_things_that_are_no_numbers():
    for text in ("far", "5"):
        with pytest.raises(WrongType, match="search_range"):
            Linker(text)
    with pytest.raises(WrongType, match="memory"):
        Linker(1, memory="3")
    with pytest.raises(WrongType, match="positions of frame 0"):
        Linker(1).advance(0, [["a", "b"]])


@pytest.mark.parametrize(
    ("history", "next_id", "message"),
    [
        ([(1, [[0, 0]], [0]), (1, [[0, 0]], [0])], 1, "not ascending"),
        ([(1, [[0, 0]], [0, 1])], 2, "1 positions but 2"),
        ([(1, [[0, 0], [1, 1]], [0, 0])], 2, "2 positions but 1"),
        ([(1, [[0, 0]], [4])], 4, "next_id is 4"),
    ],
)
def test_a_history_that_cannot_be(history, next_id, message):
    linker = Linker(1.0)
    with pytest.raises(InvalidArgument, match=message):
        linker.restore(history, next_id)
    assert linker.frame_no is None


def test_the_greatest_memory():
    linker = Linker(1.0, memory=2**63 - 1)
    linker.advance(0, [[0, 0]])
    linker.advance(1, [[9, 9]])
    assert linker.advance(2**60, [[0, 0]]).tolist() == [0]
