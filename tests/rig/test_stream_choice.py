"""Which streams a recording has, in the session's order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longtake.rig.stream_choice import chosen_names

NAMES = ["c", "a", "ab", "b"]
some = st.lists(st.sampled_from(NAMES))


@given(include=st.booleans() | some, exclude=some)
def test_the_choice_keeps_the_order(include, exclude):
    wanted = (NAMES if include else []) if isinstance(include, bool) else include
    expected = [name for name in NAMES if name in wanted and name not in exclude]
    assert chosen_names(NAMES, include, exclude) == expected
    assert chosen_names(dict.fromkeys(NAMES), include, iter(exclude)) == expected
