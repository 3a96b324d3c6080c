"""Following files of another process while it writes them, in SWMR mode."""

from __future__ import annotations

import h5py
import hdf5plugin  # noqa: F401  (reads blosc2)
import numpy as np
import pytest

from longtake.follow import DataSource, KeyFollower
from tests.follow.swmr_writer import PLAIN, frame_of, writing


def open_live(path):
    return h5py.File(path, "r", swmr=True)


def source(h5, timeout=60, keys=("keys",), **more):
    return DataSource(
        [h5[name] for name in keys], {"data": h5["data"]}, timeout, h5["finished"], **more
    )


def check(points, start=0, grid=(300,), frame=(6, 7), count=None):
    """All points are there, in order, and right; give how many."""
    index = start - 1
    for index, point in enumerate(points, start):
        at = np.unravel_index(index, grid)
        assert point.index == index
        assert point.slice_metadata == tuple(slice(place, place + 1) for place in at)
        assert point["data"].shape == (1,) * len(grid) + frame
        assert np.array_equal(point["data"].reshape(frame), frame_of(index, frame)), index
    return index + 1


@pytest.mark.parametrize("kind", [None, "gzip", "blosc2"])
@pytest.mark.parametrize("libver", ["v110", "latest"])
def test_frames_of_every_filter_are_followed_to_the_end(tmp_path, kind, libver):
    path = tmp_path / "scan.h5"
    with writing(path, filter=kind, libver=libver, interval=0.0005), open_live(path) as h5:
        points = source(h5)
        assert check(points) == 300
        assert points.is_scan_finished()
        assert not points.has_timed_out()


@pytest.mark.parametrize(
    "contiguous", [["finished"], ["keys", "finished"], ["data", "keys", "finished"]]
)
def test_datasets_that_get_their_place_after_they_were_opened(tmp_path, contiguous):
    # HDF5 2.0 fails to refresh these, once and for all.
    path = tmp_path / "scan.h5"
    told = {"contiguous": contiguous, "interval": 0.0005, "maxgrid": [300], "fixed": True}
    with writing(path, pause_at=[0], **told) as writer, open_live(path) as h5:
        points = source(h5)
        writer.go()
        assert check(points) == 300
        assert points.is_scan_finished()


@pytest.mark.parametrize(
    ("grid", "limits"), [((12, 9), None), ((4, 3, 5), [4, 3, 5]), ((12, 9), [12, 9])]
)
def test_grids(tmp_path, grid, limits):
    path = tmp_path / "scan.h5"
    frames = int(np.prod(grid))
    told = {"grid": grid, "maxgrid": limits, "frames": frames, "fixed": limits is not None}
    with writing(path, **told, interval=0.0005), open_live(path) as h5:
        points = source(h5)
        assert check(points, grid=grid) == frames
        assert points.key_follower.are_keys_complete() == (limits is not None)


@pytest.mark.parametrize("chunk", [4, 32])
def test_chunks_of_several_frames(tmp_path, chunk):
    path = tmp_path / "scan.h5"
    with writing(path, chunk=chunk, interval=0.0005), open_live(path) as h5:
        assert check(source(h5)) == 300


def test_the_slowest_of_several_keys_counts(tmp_path):
    path = tmp_path / "scan.h5"
    with writing(path, keys_behind=40, interval=0.0005), open_live(path) as h5:
        slow = KeyFollower([h5["keys2"]], 60)
        for index, _ in enumerate(source(h5, keys=("keys", "keys2"))):
            slow.refresh()
            assert index <= slow.current_max
        assert index == 299


def test_a_writer_that_is_far_ahead(tmp_path):
    path = tmp_path / "scan.h5"
    with writing(path, pause_at=[250]) as writer, open_live(path) as h5:
        assert writer.said() == "249"
        points = source(h5, 0.05)
        assert check(points) == 250
        assert points.has_timed_out()
        writer.go()
        writer.wait()
        assert check(points, start=250) == 300
        assert points.is_scan_finished()


def test_a_writer_that_pauses_for_longer_than_the_timeout(tmp_path):
    path = tmp_path / "scan.h5"
    with writing(path, pause_at=[1, 2, 100]) as writer, open_live(path) as h5:
        points, given = source(h5, 0.05), 0
        for pause in (1, 2, 100):
            assert writer.said() == str(pause - 1)
            given = check(points, given)
            assert given == pause
            assert points.has_timed_out()
            assert not points.key_follower.writer_died
            writer.go()
        writer.wait()
        assert check(points, given) == 300


@pytest.mark.parametrize("kind", [None, "gzip"])
@pytest.mark.parametrize("contiguous", [[], ["finished"]])
def test_a_writer_that_is_killed(tmp_path, kind, contiguous):
    path = tmp_path / "scan.h5"
    with writing(path, pause_at=[200], filter=kind, contiguous=contiguous) as writer:
        with open_live(path) as h5:
            points = source(h5, 0.05)
            check(points)
            assert writer.said() == "199"
            writer.kill()
            seen = points.key_follower.current_key + 1
            assert check(points, seen) == 200
            assert points.has_timed_out()
            assert points.key_follower.writer_died
        with open_live(path) as h5:  # what it left is still read to the end, later too
            points = source(h5, 0.05)
            assert check(points) == 200
            assert points.key_follower.writer_died


def test_a_file_that_is_closed_and_complete(tmp_path):
    path = tmp_path / "scan.h5"
    with writing(path) as writer:
        writer.wait()
    with open_live(path) as h5:
        points = source(h5)
        assert check(points) == PLAIN["frames"]
        points.reset()
        assert check(points) == PLAIN["frames"]
