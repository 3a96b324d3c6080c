"""The solver, against every assignment there is, and against scipy's dense solver."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from longtake.tracking.linking.assignment import cheapest_links


@st.composite
def candidate_graphs(draw, most_destinations, most_sources):
    """Sparse graphs with costs in a few steps, so that many assignments are equally good."""
    destinations = draw(st.integers(1, most_destinations))
    source_count = draw(st.integers(1, most_sources))
    any_sources = st.lists(st.integers(0, source_count - 1), unique=True, max_size=10)
    candidates = [draw(any_sources) for _ in range(destinations)]
    steps = draw(st.sampled_from([3, 1000]))
    starts = np.cumsum([0, *map(len, candidates)])
    source = np.array([s for chosen in candidates for s in chosen], np.int64)
    costs = st.lists(st.integers(-steps, 0), min_size=len(source), max_size=len(source))
    return starts, source, np.array(draw(costs), np.float64) / steps, source_count


def total(starts, source, cost, links):
    """The sum of the costs of the links, which must be among the candidates and disjoint."""
    taken = [link for link in links if link >= 0]
    assert len(taken) == len(set(taken))
    cost_of = {
        (i, source[c]): cost[c]
        for i in range(len(starts) - 1)
        for c in range(starts[i], starts[i + 1])
    }
    return sum(cost_of[i, link] for i, link in enumerate(links) if link >= 0)


@settings(deadline=None)
@given(candidate_graphs(most_destinations=4, most_sources=4))
def test_no_other_assignment_costs_less(graph):
    starts, source, cost, source_count = graph
    links = cheapest_links(starts, source, cost, source_count)
    choices = [[-1, *source[starts[i] : starts[i + 1]].tolist()] for i in range(len(starts) - 1)]
    least = 0.0
    for choice in product(*choices):
        taken = [s for s in choice if s >= 0]
        if len(taken) == len(set(taken)):
            least = min(least, total(starts, source, cost, choice))
    assert total(starts, source, cost, links) == pytest.approx(least, abs=1e-12)


@settings(deadline=None)
@given(candidate_graphs(most_destinations=40, most_sources=30))
def test_large_subnets_cost_what_a_dense_solver_finds(graph):
    starts, source, cost, source_count = graph
    links = cheapest_links(starts, source, cost, source_count)
    destinations = len(starts) - 1
    # A column for each source, and for each destination one of its own that means no link.
    dense = np.full((destinations, source_count + destinations), 1e6)
    for i in range(destinations):
        dense[i, source[starts[i] : starts[i + 1]]] = cost[starts[i] : starts[i + 1]]
        dense[i, source_count + i] = 0
    least = dense[linear_sum_assignment(dense)].sum()
    assert total(starts, source, cost, links) == pytest.approx(least, abs=1e-9)


def test_a_newcomer_makes_others_move_on():
    # Three in a row, each nearest to the source that the one before holds.
    starts = np.array([0, 2, 4, 5])
    source = np.array([0, 1, 1, 2, 0])
    cost = np.array([-5.0, -4.0, -5.0, -4.0, -5.0])
    assert cheapest_links(starts, source, cost, 3).tolist() == [1, 2, 0]


def test_the_one_with_least_to_lose_goes_without():
    starts = np.array([0, 1, 2])
    source = np.array([0, 0])
    assert cheapest_links(starts, source, np.array([-1.0, -2.0]), 1).tolist() == [-1, 0]
    assert cheapest_links(starts, source, np.array([-2.0, -1.0]), 1).tolist() == [0, -1]


def test_linking_is_preferred_where_it_costs_the_same():
    assert cheapest_links(np.array([0, 1]), np.array([0]), np.array([0.0]), 1).tolist() == [0]
