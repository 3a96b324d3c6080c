"""Whatever the moment at which a writer dies, the file opens and keeps what it acknowledged."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest
import tables

from longtake.errors import LongtakeError
from longtake.hdf import on_disk, transaction
from longtake.streams import StreamFile, StreamFileView
from tests.hdf.write_log import WriteLog
from tests.streams.small_chunks import grow_often


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Do not wait for the disk: here it is the log of calls that says what was synced."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "RWF_DSYNC", 0)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of a page, so that a short run grows often."""
    grow_often(monkeypatch, 128, 4096)
    monkeypatch.setattr(transaction, "HEADROOM", 64 * 1024)


@pytest.fixture(params=["few", "many"])
def waiting(monkeypatch, request):
    """As if few rows were waiting for the disk when the structure changes, or many."""
    if request.param == "many":
        monkeypatch.setattr(on_disk, "_LITTLE", -1)
        monkeypatch.setattr(on_disk.OnDisk, "sync_within", lambda *_: None)


def value(key: int, *, particle: bool = False) -> dict[str, np.ndarray]:
    """What is stored under a key; some have no rows."""
    count = key * 137 % 400 if key % 5 else 0
    columns = {
        "x": np.arange(count) + key / 7,
        "mass": np.arange(count, dtype=np.int64) * key,
    }
    return columns | ({"particle": np.arange(count) + key} if particle else {})


def run(path, log: WriteLog, durability: str = "process") -> int:
    """Appends, growth, replaced values, new columns, a second stream, close, and all again.

    Gives the number of operations after which the file has its name.
    """
    file = StreamFile.create(path, {"application": "crash test"}, durability=durability)
    begun = len(log.operations)
    stream = file.create_record_stream("features", {"x": "f8", "mass": "i8"})
    for key in range(30):
        stream.append(key, value(key))
        log.acknowledge(("features", key, False))
    other = file.create_record_stream("other", {"v": "f4"})
    for key in range(0, 20, 2):
        stream.put(key, value(key, particle=True))
        log.acknowledge(("features", key, True))
        other.append(key, {"v": np.full(key, key, np.float32)})
    for key in (40, 35, 3):
        stream.put(key, value(key, particle=True))
        log.acknowledge(("features", key, True))
    file.close()
    file = StreamFile.open(path, durability=durability)
    stream = file.record_streams["features"]
    for key in range(50, 60):
        stream.append(key, value(key))
        log.acknowledge(("features", key, False))
    file.close()
    return begun


def read_plainly(path) -> None:
    """Any HDF5 program opens the file, lists and reads all of it, without recovery."""
    with h5py.File(path, "r") as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)


def verify(path, acknowledged: list, unsure: set[int]) -> None:
    """Recover; all that was acknowledged is there and whole; then write on, and read again."""
    expected = {}
    for _, key, particle in acknowledged:
        expected[key] = particle
    file = StreamFile.open(path)
    if expected:
        require(file.record_streams["features"], expected, unsure)
    if "features" not in file.record_streams:
        file.create_record_stream("features", {"x": "f8", "mass": "i8"})
    stream = file.record_streams["features"]
    stream.put(1000, value(1001, particle=True))
    file.create_record_stream("after", {"w": "i4"}).append(1, {"w": np.arange(5, dtype="i4")})
    file.close()
    read_plainly(path)
    view = StreamFileView(path)
    require(view.record_streams["features"], expected, unsure)
    assert view.record_streams["after"][1]["w"].tolist() == [0, 1, 2, 3, 4]
    same(view.record_streams["features"][1000], value(1001, particle=True))
    assert view.was_closed
    view.close()


def require(stream, expected: dict[int, bool], unsure: set[int]) -> None:
    extra = set(stream.keys().tolist()) - set(expected) - {1000}
    assert len(extra) <= 1, f"never acknowledged: {extra}"
    for key, particle in expected.items():
        found = stream[key]
        if key in unsure:
            found.pop("particle", None)
            particle = False
        same(found, value(key, particle=particle))
    for key in extra:
        found = stream[key]
        same(found, value(key, particle="particle" in found))


def same(found, expected) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name


def in_flight(log: WriteLog, count: int) -> set[int]:
    """The key whose put was under way: it has its old or its new columns."""
    for operation in log.operations[count:]:
        if operation[0] == "acknowledge":
            return {operation[1][1]}
    return set()


@pytest.mark.parametrize("half", [False, True], ids=["prefixes", "half-writes"])
def test_every_write_prefix_recovers(tmp_path, monkeypatch, small_chunks, half):
    log = WriteLog()
    with monkeypatch.context() as patch:
        log.record(patch)
        begun = run(tmp_path / "run.h5", log)
    assert sum(op[0] == "sync" for op in log.operations) > 20, "too few structure changes"
    path = tmp_path / "image.h5"
    seen = 0
    for count, image in log.images(begun, half=half):
        path.write_bytes(image)
        if not half:
            read_plainly(path)
        verify(path, log.acknowledged(count), in_flight(log, count))
        if seen % 50 == 0:
            with tables.open_file(str(path)) as h5:
                assert sum(1 for _ in h5.walk_nodes("/record_stream")) > 5
        seen += 1
    assert seen > 200


@pytest.mark.parametrize("durability", ["process", "interval", "entry"])
@pytest.mark.usefixtures("small_chunks", "waiting")
def test_a_power_cut_keeps_what_was_synced(tmp_path, monkeypatch, durability):
    log = WriteLog()
    with monkeypatch.context() as patch:
        log.record(patch)
        begun = run(tmp_path / "run.h5", log, durability)
    rng = np.random.default_rng(1)
    path = tmp_path / "image.h5"
    for count in rng.integers(begun + 2, len(log.operations), 150):
        safe, image = log.power_cut(int(count), rng)
        path.write_bytes(image)
        acknowledged = log.acknowledged(safe)
        if durability == "entry":  # each was synced before it was acknowledged
            acknowledged = log.acknowledged(int(count))
        verify_after_power_cut(path, acknowledged)


def verify_after_power_cut(path, acknowledged: list) -> None:
    """Synced values are there; the others are there whole, or not."""
    expected = {key for _, key, _ in acknowledged}
    with_particle = {key for _, key, particle in acknowledged if particle}
    file = StreamFile.open(path)
    if acknowledged or "features" in file.record_streams:
        stream = file.record_streams["features"]
        assert expected <= set(stream.keys().tolist())
        for key, found in stream.items():
            assert "particle" in found or key not in with_particle
            same(found, value(key, particle="particle" in found))
        stream.put(1000, value(1001))
    file.close()
    read_plainly(path)


@pytest.mark.usefixtures("small_chunks", "waiting")
def test_the_power_cut_notices_a_missing_sync(tmp_path, monkeypatch):
    """A control: if the changes were not synced before they are applied, it fails."""
    log = WriteLog()
    with monkeypatch.context() as patch:
        log.record(patch)
        begun = run(tmp_path / "run.h5", log)
    log.operations[begun:] = [op for op in log.operations[begun:] if "sync" not in op[0]]
    rng = np.random.default_rng(1)
    path = tmp_path / "image.h5"
    failures = 0
    for count in rng.integers(begun + 20, len(log.operations), 40):
        path.write_bytes(log.power_cut(int(count), rng)[1])
        try:
            verify_after_power_cut(path, [])
        except (AssertionError, OSError, KeyError, RuntimeError, LongtakeError):
            failures += 1
    assert failures > 0


def test_the_replay_notices_a_broken_order(tmp_path, monkeypatch, small_chunks):
    """A control: with changes made visible before what they refer to is written, it fails."""
    log = WriteLog()
    with monkeypatch.context() as patch:
        log.record(patch)
        real_fresh, real_apply = transaction.write_fresh, transaction.apply
        late: list = []

        def fresh_later(raw, change, overlay):
            late.append((raw, change, overlay))
            if raw.size < change.published:
                raw.resize(change.published)

        def apply_first(raw, change):
            real_apply(raw, change)
            while late:
                real_fresh(*late.pop())

        patch.setattr(transaction, "write_fresh", fresh_later)
        patch.setattr(transaction, "apply", apply_first)
        begun = run(tmp_path / "run.h5", log)
    failures = 0
    path = tmp_path / "image.h5"
    for count, image in log.images(begun, half=False):
        path.write_bytes(image)
        try:
            read_plainly(path)
            verify(path, log.acknowledged(count), in_flight(log, count))
        except (AssertionError, OSError, KeyError, RuntimeError, LongtakeError):
            failures += 1
    assert failures > 0
