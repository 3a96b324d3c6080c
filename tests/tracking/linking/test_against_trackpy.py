"""The same links as trackpy's, whose solvers are another way to the same model."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
import trackpy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from trackpy.linking.utils import SubnetOversizeException as TheirOversize

from longtake.errors import SubnetOversizeException
from longtake.tracking.linking import link, link_iter

from .movies import links_of, movies, wander

logging.getLogger("trackpy").setLevel(logging.WARNING)


#: trackpy's recursion may take long over one movie, and that is not what is tested.
compared = settings(max_examples=40, deadline=None)


def their_links(movie, search_range, give_up=assume, **options):
    """Trackpy's links, or what `give_up` is where it gives up: by default, no example."""
    options.setdefault("link_strategy", "recursive")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return links_of(
                ids for _, ids in trackpy.linking.link_iter(movie, search_range, **options)
            )
        except TheirOversize:
            return give_up and give_up(False)


def our_links(movie, search_range, **options):
    return links_of(ids for _, ids in link_iter(movie, search_range, **options))


@compared
@given(movie=movies, search_range=st.sampled_from([0.3, 0.5, 0.7]), memory=st.integers(0, 3))
def test_in_two_dimensions(movie, search_range, memory):
    theirs = their_links(movie, search_range, memory=memory)
    assert our_links(movie, search_range, memory=memory) == theirs


@compared
@given(seed=st.integers(0, 2**32 - 1), memory=st.integers(0, 2), ndim=st.sampled_from([1, 3]))
def test_in_one_and_three_dimensions(seed, memory, ndim):
    movie = wander(seed, 30, 5, ndim=ndim)
    assert our_links(movie, 0.6, memory=memory) == their_links(movie, 0.6, memory=memory)


@compared
@given(movie=movies, search_range=st.sampled_from([(0.3, 0.8), (0.9, 0.2)]))
def test_with_a_range_for_each_axis(movie, search_range):
    assert our_links(movie, search_range, memory=1) == their_links(movie, search_range, memory=1)


@compared
@given(movie=movies)
def test_with_trackpys_own_choice_of_strategy(movie):
    assert our_links(movie, 0.5) == their_links(movie, 0.5, link_strategy="auto")


@compared
@given(movie=movies, memory=st.integers(0, 2))
def test_dropping_the_disputed(movie, memory):
    options = {"memory": memory, "link_strategy": "drop"}
    assert our_links(movie, 0.5, **options) == their_links(movie, 0.5, **options)


@compared
@given(seed=st.integers(0, 2**32 - 1), stop=st.sampled_from([0.1, 0.8]))
def test_adaptive_search(seed, stop):
    # Without memory: trackpy forgets particles that a shrinking range leaves without candidates.
    movie = wander(seed, 40, 3)
    options = {"adaptive_stop": stop, "adaptive_step": 0.9}
    try:
        ours = our_links(movie, 1.0, **options)
    except SubnetOversizeException:
        ours = None
    assert ours == their_links(movie, 1.0, give_up=None, **options)


def test_tables_with_frames_left_out():
    movie = wander(11, 60, 12, crowding=0.5)
    table = pd.DataFrame(np.concatenate(movie), columns=["y", "x"])
    table["frame"] = np.repeat(np.arange(12), [len(frame) for frame in movie])
    table = table[~table["frame"].isin([4, 5, 9])].sample(frac=1, random_state=0)
    for memory in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = trackpy.link(table, 0.5, memory=memory)["particle"]
        ours = link(table, 0.5, memory=memory)["particle"]
        pairs = pd.DataFrame({"ours": ours, "theirs": theirs}).drop_duplicates()
        assert len(pairs) == ours.nunique() == theirs.nunique()
