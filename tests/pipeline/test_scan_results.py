"""Results of a scan in a dataset of its shape."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import InvalidArgument, WrongType
from longtake.follow import DataSource, KeyFollower
from tests.follow.plain import Plain

SCAN, FRAME = (3, 4), (2, 5)


@pytest.fixture
def scan(tmp_path):
    """A file with the frames of a grid of 3 x 4 points, of which the first nine are there."""
    path = tmp_path / "scan.h5"
    keys = np.arange(1, 13).reshape(SCAN)
    with h5py.File(path, "w", libver="latest") as file:
        file["keys"] = np.where(keys <= 9, keys, 0)
        file["camera"] = np.arange(120.0).reshape(*SCAN, *FRAME)
        file["finished"] = [1]
    return path


def complete(path):
    with h5py.File(path, "r+") as file:
        file["keys"][...] = np.arange(1, 13).reshape(SCAN)


def source(file):
    return DataSource([file["keys"]], {"camera": file["camera"]}, finished_dataset=file["finished"])


def total(point):
    return point["camera"].sum()


def profile(point):
    return point["camera"].sum(axis=-2).reshape(-1)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_results_have_the_scans_shape_and_go_on_where_they_were(scan, tmp_path, workers):
    with h5py.File(tmp_path / "out.h5", "w") as out:
        with h5py.File(scan) as file:
            for function in (total, profile):
                done = lt.process(source(file), function, out, workers=workers)
                assert (done.entries, done.resumed_at) == (9, None)
        complete(scan)
    calls = []

    def counted(point):
        calls.append(point.index)
        return total(point)

    counted.__name__ = "total"
    with h5py.File(tmp_path / "out.h5", "r+") as out, h5py.File(scan) as file:
        done = lt.process(source(file), counted, out, workers=workers)
        lt.process(source(file), profile, out, workers=workers)
        assert (done.entries, done.resumed_at, done.path) == (12, 8, tmp_path / "out.h5")
        assert sorted(calls) == [9, 10, 11]
        frames = file["camera"][...]
        assert np.array_equal(out["total"], frames.sum(axis=(2, 3)))
        assert np.array_equal(out["profile"], frames.sum(axis=2))
        # As a scan, they are followed in turn.
        assert list(KeyFollower([out["total_key"]], timeout=0)) == list(range(12))


def test_they_are_seen_in_turn_while_they_are_made(scan, tmp_path):
    with h5py.File(tmp_path / "out.h5", "w", libver="latest") as out, h5py.File(scan) as file:
        seen = []

        def followed(point):
            if "followed_key" in out:
                seen.append(int((out["followed_key"][...] != 0).sum()))
            return total(point)

        lt.process(source(file), followed, out, workers=1)
    assert seen == list(range(1, 9))


@pytest.mark.parametrize("workers", [1, 3])
def test_no_result_waits_for_the_next_point(tmp_path, workers):
    stored = []

    keys = Plain(np.arange(9) == 0)

    def next_is_there(_):
        stored.append(None)
        keys.values = np.arange(9) <= len(stored)

    source = DataSource([keys], {"camera": Plain(np.ones((9, *FRAME)))}, timeout=0)
    lt.process(source, total, tmp_path / "out.h5", workers=workers, progress=next_is_there)
    assert len(stored) == 9


def test_no_point_may_be_left_out(scan, tmp_path):
    with h5py.File(tmp_path / "out.h5", "w") as out, h5py.File(scan) as file:
        begun = source(file)
        next(begun)
        with pytest.raises(InvalidArgument, match="point 1 came where 0 was due"):
            lt.process(begun, total, out)
        assert list(out) == []
        begun.reset()
        assert lt.process(begun, total, out).entries == 9


def test_what_is_not_of_a_scan_or_of_another_function_is_refused(scan, tmp_path):
    with h5py.File(tmp_path / "out.h5", "w") as out, h5py.File(scan) as file:
        with pytest.raises(WrongType, match="takes the results of a scan"):
            lt.process([(1, 2)], total, out)
        lt.process(source(file), total, out, "sums")
        with pytest.raises(InvalidArgument, match="give the results another name"):
            lt.process(source(file), profile, out, "sums")
        out["mine"] = 3
        with pytest.raises(InvalidArgument, match="give the results another name"):
            lt.process(source(file), profile, out, "mine")
        assert out["mine"][()] == 3
