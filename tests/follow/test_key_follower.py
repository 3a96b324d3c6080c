"""Which frames are there: as swmr_tools says, and rightly where it is wrong."""

from __future__ import annotations

import logging
from math import prod

import h5py
import numpy as np
import pytest
import swmr_tools
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import CannotFollow, InvalidArgument, WrongType
from longtake.follow import KeyFollower, RowKeyFollower
from tests.follow.plain import Plain

SOON = 0.02


def both(*keys, finished=None, timeout=SOON):
    """A follower of each package, of the same datasets."""
    return [
        package.KeyFollower(list(keys), timeout, finished) for package in (swmr_tools, longtake())
    ]


def longtake():
    import longtake.follow

    return longtake.follow


shapes = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


@st.composite
def key_arrays(draw, shape):
    size = prod(shape)
    values = draw(st.lists(st.sampled_from([0, 1, 1, 1, 7, -3]), min_size=size, max_size=size))
    return np.array(values).reshape(shape)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_numbers_are_those_before_the_first_zero_of_any_key(data):
    shape = data.draw(shapes)
    ones = (1,) * data.draw(st.integers(0, 2))
    arrays = [data.draw(key_arrays((*shape, *ones))) for _ in range(data.draw(st.integers(1, 3)))]
    theirs, ours = both(*map(Plain, arrays))
    for follower in (theirs, ours):
        follower.check_datasets()
    assert ours.scan_rank == theirs.scan_rank
    assert ours.maxshape == theirs.maxshape
    assert list(ours) == list(theirs)
    for name in ("current_key", "current_max", "timed_out", "finished_set"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.are_keys_complete() == theirs.are_keys_complete()
    assert ours.is_finished() == theirs.is_finished() is True


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 9))
def test_keys_that_come_between_looks_are_given_once(steps, length):
    keys = [Plain(np.zeros((length, 3), int)), Plain(np.zeros((length, 3), int))]
    theirs, ours = both(*keys)
    written, given = [0, 0], ([], [])
    for turn, step in enumerate(steps):
        end = written[turn % 2] = min(written[turn % 2] + step, length * 3)
        keys[turn % 2].values.reshape(-1)[:end] = 5
        for follower, found in zip((theirs, ours), given, strict=True):
            follower.refresh()
            while follower.current_key < follower.get_current_max():
                found.append(next(follower))
    assert given[0] == given[1] == list(range(min(written)))


def test_lengths_that_differ_count_as_the_shortest():
    theirs, ours = both(Plain([1, 1, 1, 1], (None,)), Plain([1, 1], (None,)))
    assert list(ours) == list(theirs) == [0, 1]


def test_no_keys_are_waited_for_until_the_timeout():
    theirs, ours = both()
    assert list(ours) == list(theirs) == []
    assert ours.timed_out


@pytest.mark.parametrize("finished", [[1], [[1]], [0]])
def test_the_finished_flag_ends_it(finished):
    theirs, ours = both(Plain([1, 1, 0]), finished=Plain(finished))
    assert list(ours) == list(theirs) == [0, 1]
    assert (ours.finished_set, ours.timed_out) == (theirs.finished_set, theirs.timed_out)


def test_what_is_written_with_the_flag_is_read_after_it():
    keys, finished = Plain([1, 0, 0]), Plain([0])
    looks = []

    def finish():
        looks.append(None)
        if len(looks) == 3:
            finished.values[0] = 1
            keys.values[:] = 1

    finished.on_refresh = finish
    follower = KeyFollower([keys], 60, finished)
    assert list(follower) == [0, 1, 2]
    assert follower.finished_set
    assert not follower.timed_out


def test_a_flag_without_dimensions_and_one_that_is_empty_at_first():
    assert list(KeyFollower([Plain([1, 0])], 60, Plain(1))) == [0]
    flag = Plain(np.zeros(0, int), (None,))
    flag.on_refresh = lambda: setattr(flag, "values", np.ones(1, int))
    assert list(KeyFollower([Plain([1, 0])], 60, flag)) == [0]


def test_a_flag_of_several_values_is_refused():
    with pytest.raises(InvalidArgument, match=r"shape \(2,\)"):
        KeyFollower([Plain([1])], finished_dataset=Plain([0, 0]))
    logging.disable()  # swmr_tools logs it at each look, and ignores it
    theirs, _ = swmr_tools.KeyFollower([Plain([1])], SOON, Plain([1, 1])), logging.disable(0)
    assert list(theirs) == [0]


@pytest.mark.parametrize("shape", [(0,), (0, 1), (0, 3, 1)])
def test_keys_that_are_empty_at_first(shape):
    keys = Plain(np.zeros(shape, int), (None, *shape[1:]))
    follower = KeyFollower([keys], SOON)
    assert list(follower) == []
    keys.values = np.ones((2, *shape[1:]), int)
    assert list(follower) == list(range(keys.size))


def test_a_single_key_without_dimensions():
    follower = KeyFollower([Plain(1)], SOON)
    follower.check_datasets()
    assert (list(follower), follower.scan_rank, follower.maxshape) == ([0], 0, ())


def test_asking_again_after_the_timeout_goes_on():
    keys = Plain([1, 0, 0])
    follower = KeyFollower([keys], SOON)
    assert list(follower) == [0]
    assert follower.timed_out
    assert follower.is_finished()
    keys.values[1] = 1
    assert next(follower) == 1
    assert not follower.timed_out
    assert not follower.is_finished()


def test_reset_begins_again_and_keeps_the_flag():
    theirs, ours = both(Plain([1, 1, 0]), finished=Plain([1]))
    for follower in (theirs, ours):
        assert list(follower) == [0, 1]
        follower.reset()
        assert (follower.current_key, follower.current_max) == (-1, -1)
        assert follower.finished_set
        assert not follower.timed_out
        assert list(follower) == [0, 1]


def test_refresh_says_whether_there_are_more():
    keys = Plain([1, 0])
    follower = KeyFollower([keys])
    assert follower.refresh()
    assert not follower.refresh()
    keys.values = np.zeros(0, int)
    assert not follower.refresh()  # fewer are no progress
    assert follower.get_current_max() == -1


def test_each_key_is_read_once():
    size = 20_000
    keys = Plain(np.zeros(size, int))
    follower = KeyFollower([keys], SOON)
    for end in range(0, size, 500):
        keys.values[: end + 500] = 1
        follower.refresh()
        for number in range(end, end + 500):
            assert next(follower) == number
    assert keys.read < 3 * size


def test_a_grid_that_grows_in_its_rows_is_counted_anew():
    keys = Plain([[1, 1]], (None, None))
    follower = KeyFollower([keys], SOON)
    assert list(follower) == [0, 1]
    keys.values = np.array([[1, 1, 1], [1, 0, 0]])
    assert list(follower) == [2, 3]


def test_complete_needs_a_limit():
    limited, unlimited = KeyFollower([Plain([1, 1])]), KeyFollower([Plain([1, 1], (None,))])
    for follower in (limited, unlimited):
        assert not follower.are_keys_complete()
        follower.check_datasets()
        follower.refresh()
    assert limited.are_keys_complete()
    assert not unlimited.are_keys_complete()


@pytest.mark.parametrize(
    ("one", "other"),
    [((5, 1), (4, 1)), ((None, 3), (None, 4))],
)
def test_keys_of_different_scans_are_refused(one, other):
    keys = [Plain(np.zeros((1, 1), int), shape) for shape in (one, other)]
    with pytest.raises(CannotFollow, match="maxshape"):
        KeyFollower(keys).check_datasets()


def test_keys_of_different_rank_are_refused_as_ever():
    keys = [Plain([1, 1]), Plain([[1, 1], [1, 1]])]
    for follower in both(*keys):
        with pytest.raises(RuntimeError, match="Key datasets must have the same rank!"):
            follower.check_datasets()


def test_a_limit_of_one_key_is_that_of_all():
    follower = KeyFollower([Plain([1], (None,)), Plain([1], (9,))])
    follower.check_datasets()
    assert follower.maxshape == (9,)


def test_bad_arguments_are_refused_at_once():
    with pytest.raises(InvalidArgument, match="timeout"):
        KeyFollower([Plain([1])], -1)
    with pytest.raises(InvalidArgument, match="poll"):
        KeyFollower([Plain([1])], poll=-1)
    with pytest.raises(WrongType, match="no dataset"):
        KeyFollower([object()])
    with pytest.raises(WrongType, match="no dataset"):
        KeyFollower([Plain([1])], finished_dataset="finished")


def test_a_dataset_that_is_open_twice_is_refused(tmp_path):
    # HDF5 2.0 finds other chunks than it is asked for then, once it was refreshed.
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        h5.create_dataset("keys", data=np.ones(50), chunks=(1,))
    with h5py.File(tmp_path / "f.h5", "r", swmr=True) as h5:
        first, second = h5["keys"], h5["keys"]
        follower = KeyFollower([first], SOON)
        with pytest.raises(CannotFollow, match=r"/keys of .*f\.h5 is open twice"):
            next(follower)
        del second
        assert list(follower) == list(range(50))


def test_two_followers_of_one_dataset(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        h5.create_dataset("keys", data=np.ones(50), chunks=(1,))
    with h5py.File(tmp_path / "f.h5", "r", swmr=True) as h5:
        followers = [KeyFollower([h5["keys"]], SOON) for _ in range(2)]
        assert [list(follower) for follower in followers] == [list(range(50))] * 2
    with h5py.File(tmp_path / "f.h5", "r", swmr=True) as h5:  # those that were closed are not used
        assert list(KeyFollower([h5["keys"]], SOON)) == list(range(50))


@pytest.mark.parametrize(
    ("keys", "row_size"),
    [([[1, 1, 1], [1, 1, 1]], None), ([[1, 1, 1], [1, 0, 1]], None), ([1] * 7, 3), ([1] * 7, None)],
)
def test_rows(keys, row_size):
    pairs = []
    for package in (swmr_tools, longtake()):
        rows = package.RowKeyFollower([Plain(keys)], SOON, row_size=row_size)
        rows.check_datasets()
        pairs.append((list(rows), rows.row_size, rows.scan_rank, rows.maxshape))
        rows.reset()
        assert list(rows) == pairs[-1][0]
    assert pairs[0] == pairs[1]


def test_a_row_that_was_waited_for_in_vain_comes_later():
    keys = Plain([[1, 1, 1], [1, 0, 0]])
    rows = RowKeyFollower([keys], SOON)
    rows.check_datasets()
    assert list(rows) == [2]
    assert rows.inner_key_follower.timed_out
    keys.values[:] = 1
    assert list(rows) == [5]


def test_rows_without_a_length():
    rows = RowKeyFollower([Plain([[1, 1]], (None, None))], SOON)
    with pytest.raises(CannotFollow, match="row_size"):
        rows.check_datasets()
    with pytest.raises(CannotFollow, match="check_datasets"):
        next(RowKeyFollower([Plain([1])]))
    with pytest.raises(InvalidArgument, match="row_size"):
        RowKeyFollower([Plain([1])], row_size=0)
