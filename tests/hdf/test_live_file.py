"""The one writer of a file."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from longtake.errors import (
    AlreadyExists,
    Closed,
    FileChangedElsewhere,
    InvalidArgument,
    NotALongtakeFile,
    NotFound,
)
from longtake.hdf import LiveFile
from tests.hdf.make import CHUNK_ROWS, add, append, file_with, found_datasets
from tests.hdf.write_log import WriteLog


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.h5"


def test_bad_arguments_leave_no_file(path):
    with pytest.raises(InvalidArgument, match="durability='sometimes'"):
        LiveFile.create(path, {}, "sometimes")  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        LiveFile.create(path, {"a": object()})
    with pytest.raises(NotFound, match="no folder"):
        LiveFile.create(path.parent / "none" / "f.h5", {})
    with pytest.raises(NotFound, match="no file"):
        LiveFile.open(path)
    assert list(path.parent.iterdir()) == []


def test_names_that_are_taken(path):
    path.write_bytes(b"something")
    link = path.with_name("link.h5")
    link.symlink_to("nowhere.h5")
    for taken in (path, link):
        with pytest.raises(AlreadyExists, match="exists"):
            LiveFile.create(taken, {})
    assert path.read_bytes() == b"something"
    with pytest.raises(NotALongtakeFile):
        LiveFile.open(path)
    assert path.read_bytes() == b"something"


def test_names_of_every_length_and_links(path):
    long = path.with_name("x" * 252 + ".h5")
    LiveFile.create(long, {}).close()
    path.symlink_to(long.name)
    LiveFile.open(path).close()
    assert path.is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_no_permission(path):
    LiveFile.create(path, {}).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            LiveFile.open(path)
        with pytest.raises(PermissionError):
            LiveFile.create(path.with_name("other.h5"), {})
    finally:
        path.parent.chmod(0o700)


def test_close_trims(path):
    file, (one, two) = file_with(path, "one", "two")
    file.grow({one: 40 * CHUNK_ROWS, two: 3 * CHUNK_ROWS})
    append(one, np.arange(10))
    append(two, np.arange(2 * CHUNK_ROWS))
    assert path.stat().st_size > 60_000_000  # the published end runs ahead
    assert path.stat().st_blocks * 512 < 2_000_000  # and costs no disk
    file.close()
    assert path.stat().st_size < 1_500_000
    with h5py.File(path) as h5:
        assert h5["columns/one"].shape == (10,)
        assert h5["columns/two"].shape == (2 * CHUNK_ROWS,)


def test_reopening_in_the_middle_of_a_chunk(path):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(10))
    one.write(10, np.full(5, 9).tobytes())  # an append that was taken back
    file.close()
    for begin in (10, 600, 601):
        file = LiveFile.open(path)
        assert file.was_clean
        (one,) = found_datasets(file)
        assert one.rows == begin
        file.grow({one: 2 * CHUNK_ROWS})
        assert not one.read(begin, one.capacity - begin).any()
        append(one, np.arange(begin, {10: 600, 600: 601, 601: 602}[begin]))
        file.close()
    with h5py.File(path) as h5:
        assert h5["columns/one"][:].tolist() == list(range(602))


def test_an_opening_without_a_change_leaves_the_bytes_alone(path):
    file_with(path, "one")[0].close()
    before = path.read_bytes()
    LiveFile.open(path).close()
    assert path.read_bytes() == before


def test_the_cost_of_growth_does_not_grow(path, monkeypatch):
    """Bytes written by the step of one chunk, at 1 chunk and at 1000."""
    log = WriteLog()
    log.record(monkeypatch)
    file, (one,) = file_with(path, "one")
    costs = []
    for chunks in (2, 3, 4, 1000, 1001, 1002, 1003):
        begun = len(log.operations)
        file.grow({one: chunks * CHUNK_ROWS})
        steps = log.operations[begun:]
        assert sum(op[0] == "sync" for op in steps) == 1
        costs.append(sum(len(op[2]) for op in steps if op[0] == "write"))
    file.close()
    assert max(costs[4:]) <= max(costs[:3]) + 4096


def test_many_datasets_grow_and_close_in_steps(path):
    """More than fit into one slot of the journal."""
    file, datasets = file_with(path, *[f"column {i}" for i in range(40)])
    before = file.generation
    file.grow(dict.fromkeys(datasets, 300 * CHUNK_ROWS))
    assert file.generation == before + 3
    for dataset in datasets:
        append(dataset, np.arange(5))
    file.close()
    with h5py.File(path) as h5:
        assert all(column[:].tolist() == [0, 1, 2, 3, 4] for column in h5["columns"].values())


def test_what_is_known_to_be_on_disk_fits_in_the_journal(path, monkeypatch):
    """However many columns there are, only indexes are noted."""
    file, datasets = file_with(path, "one")
    monkeypatch.setattr(file, "_datasets", datasets * 20_000)
    add(file, "two")
    add(file, "three")
    monkeypatch.undo()
    file.abandon()


@pytest.mark.parametrize("durability", ["process", "interval", "entry"])
def test_durability(path, monkeypatch, durability):
    file = LiveFile.create(path, {}, durability)
    (one,) = add(file, "one")
    log = WriteLog()
    log.record(monkeypatch)
    append(one, np.arange(1))
    file.appended()
    timer = file._on_disk._timer
    if durability == "interval":
        assert timer is not None
        timer.join()  # it fires after a second
    synced = [op for op in log.operations if op == ("sync",)]
    assert len(synced) == (0 if durability == "process" else 1)
    file.close()


@pytest.mark.parametrize("harm", ["truncated", "deleted", "replaced"])
def test_a_file_that_is_taken_away_is_noticed_and_stays_so(path, monkeypatch, harm):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(1))
    file.appended()
    if harm == "truncated":
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, "w")  # it truncates first, and is refused then
    elif harm == "deleted":
        path.unlink()
    else:
        path.with_name("new").write_bytes(b"new")
        path.with_name("new").rename(path)
    monkeypatch.setattr(file, "_watch_at", -10.0)
    for _ in range(3):
        append(one, np.arange(1))
        with pytest.raises(FileChangedElsewhere):
            file.appended()
    with pytest.raises(FileChangedElsewhere):
        file.close()
    assert file.raw.is_closed


def test_a_closed_file_says_so(path):
    file, (one,) = file_with(path, "one")
    file.close()
    file.close()
    for call in (
        lambda: file.change(lambda _: []),
        lambda: file.grow({one: 10**6}),
        lambda: file.grow_soon({one: 10**6}),
        lambda: append(one, np.arange(1)),
        lambda: one.read(0, 1),
    ):
        with pytest.raises(Closed):
            call()


def test_growth_in_the_helper_beside_appends_and_close(path):
    """Close waits for the growth that is under way; every row is where HDF5 reads it."""
    file, (one, two) = file_with(path, "one", "two")
    done = 0
    for chunks in range(2, 60):
        file.grow_soon({one: chunks * CHUNK_ROWS, two: chunks * CHUNK_ROWS})
        while one.rows < min(one.capacity, two.capacity):
            count = min(100, one.capacity - one.rows)
            append(one, np.arange(done, done + count))
            append(two, -np.arange(done, done + count))
            done += count
    file.grow_soon({one: 200 * CHUNK_ROWS})
    file.close()
    with h5py.File(path) as h5:
        np.testing.assert_array_equal(h5["columns/one"][:], np.arange(done))
        np.testing.assert_array_equal(h5["columns/two"][:], -np.arange(done))
