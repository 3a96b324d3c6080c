"""Whatever the moment at which a recording dies, it opens and keeps what it acknowledged.

As `test_crash` does for record streams: with data, frame and table streams, bursts, updates of
attributes, and the close that folds these.
"""

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
from tests.streams.kinds import KINDS, same
from tests.streams.small_chunks import grow_often

STREAMS = ("data", "frame", "table")
LATE = "frame"  # made when the others have entries
BURST = 5


@pytest.fixture(autouse=True)
def small_and_unsynced(monkeypatch):
    """Chunks of a page, so that a short run grows; and it is the log that says what was synced."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "RWF_DSYNC", 0)
    # Of a page too: so large ones are aligned, and no row lies across two sectors.
    grow_often(monkeypatch, 128, 1024)
    monkeypatch.setattr(transaction, "HEADROOM", 64 * 1024)


def run(path, log: WriteLog, durability: str = "process") -> int:
    """Two sessions on one file; gives the number of operations after which it has its name."""
    with StreamFile.create(path, durability=durability) as file:
        begun = len(log.operations)
        streams = {name: create(file, name, log) for name in STREAMS if name != LATE}
        append(streams, range(8), log)
        update(file, file.update_attributes, "/", {"operator": "J"}, log)
        streams[LATE] = create(file, LATE, log)
        burst(streams, 20, log)
        for n in range(2):
            update(file, streams["data"].update_attributes, "data", {"score": n}, log)
        append(streams, range(30, 32), log)
    with StreamFile.open(path, durability=durability) as file:
        streams = {name: collection(file, name)[name] for name in STREAMS}
        update(file, streams[LATE].update_attributes, LATE, {"gain": 1.5}, log)
        burst(streams, 50, log)
    return begun


def collection(file, name):
    return getattr(file, KINDS[name].collection)


def create(file, name, log):
    made = KINDS[name].create(file, name, {"made": name})
    log.acknowledge(("attributes", name, {"made": name}))
    return made


def append(streams, keys, log):
    for key in keys:
        for name, stream in streams.items():
            stream.append(key, KINDS[name].value(key))
            log.acknowledge(("entries", name, [key]))


def burst(streams, first, log):
    keys = list(range(first, first + BURST))
    for name, stream in streams.items():
        values = [KINDS[name].value(key) for key in keys]
        if name == "table":
            append({name: stream}, keys, log)
        else:
            stream.append_many(keys, np.array(values) if name == "frame" else values)
            log.acknowledge(("entries", name, keys))


def update(file, function, node, values, log):
    function(values)
    log.acknowledge(("attributes", node, values))


def told(acknowledged) -> tuple[dict[str, list[int]], dict[str, dict]]:
    """The keys of each stream, and the attributes of each node, that were acknowledged."""
    keys: dict[str, list[int]] = {}
    attributes: dict[str, dict] = {}
    for what, where, value in acknowledged:
        if what == "entries":
            keys.setdefault(where, []).extend(value)
        else:
            attributes[where] = attributes.get(where, {}) | value
    return keys, attributes


def require(file, acknowledged, later) -> None:
    """All of it is there, whole, and no more than what was under way."""
    keys, attributes = told(acknowledged)
    for name in {*keys, *attributes} - {"/"}:
        stream = collection(file, name)[name]
        found = list(stream.items())
        expected = keys.get(name, [])
        assert [key for key, _ in found][: len(expected)] == expected
        assert len(found) - len(expected) <= BURST + 1
        for key, value in found:
            assert same(value, KINDS[name].value(key)), (name, key)
    for node, values in attributes.items():
        owner = file if node == "/" else collection(file, node)[node]
        options = [values, values | told(later[:1])[1].get(node, {})]
        assert owner.application in options


def read_by_others(path, *, with_pytables: bool) -> None:
    """Any HDF5 program opens the file, lists and reads all of it, without recovery."""
    with h5py.File(path) as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
    if with_pytables:
        with tables.open_file(str(path)) as h5:
            assert sum(1 for _ in h5.walk_nodes("/", "Leaf")) >= 1


def require_told(path, acknowledged) -> None:
    """Who follows the keys finds no frame that is not there; who is told that it ends, has all."""
    with h5py.File(path) as h5, StreamFileView(path) as view:
        is_finished = h5["finished"][0]
        assert is_finished or not view.was_closed or not acknowledged
        if f"frame_stream/{LATE}/key" in h5:  # else it may be in the journal only
            keys = h5[f"frame_stream/{LATE}/key"][:]
            told_of = len(keys) if keys.all() else int(np.argmin(keys))
            assert len(told(acknowledged)[0].get(LATE, [])) <= told_of
            assert told_of <= len(view.frame_streams[LATE])
            assert keys.all() or not is_finished
        if is_finished:
            assert all(len(stream) == stream.datasets[0].capacity for _, stream in view.streams)


def verify(path, acknowledged, later) -> None:
    """Read it as it is, write on, and read again."""
    with StreamFileView(path) as view:
        require(view, acknowledged, later)
    with StreamFile.open(path) as file:
        require(file, acknowledged, later)
        for name in STREAMS:
            if name not in collection(file, name):
                create(file, name, WriteLog())
            collection(file, name)[name].append(1000, KINDS[name].value(1000))
        file.update_attributes({"after": True})
        with h5py.File(path) as h5:
            assert not h5["finished"][0]
            require_keys(h5, len(file.frame_streams[LATE]))
    with h5py.File(path) as h5:
        assert h5["finished"][0] == 1
        require_keys(h5, len(h5[f"frame_stream/{LATE}/index"]))
        assert h5[f"frame_stream/{LATE}/key"].shape == h5[f"frame_stream/{LATE}/index"].shape
    with StreamFileView(path) as view:
        assert view.was_closed
        assert view.application["after"] is True
        assert all(collection(view, name)[name].last_key == 1000 for name in STREAMS)
        for name, keys in told(acknowledged)[0].items():
            assert list(collection(view, name)[name])[: len(keys)] == keys


def require_keys(h5, count) -> None:
    """The keys say of so many frames that they are there, and of no others."""
    keys = h5[f"frame_stream/{LATE}/key"][:]
    assert np.flatnonzero(keys).tolist() == list(range(count))


def logged_run(path, monkeypatch, durability="process") -> tuple[WriteLog, int]:
    log = WriteLog()
    with monkeypatch.context() as patch:
        log.record(patch)
        return log, run(path, log, durability)


@pytest.mark.parametrize("half", [False, True], ids=["prefixes", "half-writes"])
def test_every_write_prefix_opens_with_all_that_was_acknowledged(tmp_path, monkeypatch, half):
    log, begun = logged_run(tmp_path / "run.h5", monkeypatch)
    assert sum(op[0] == "sync" for op in log.operations) > 10, "too few structure changes"
    path = tmp_path / "image.h5"
    seen = 0
    for count, image in log.images(begun, half=half):
        if not half and log.operations[count - 1][0] == "acknowledge":
            continue  # the same bytes as before it, and less is promised
        path.write_bytes(image)
        later = [op[1] for op in log.operations[count:] if op[0] == "acknowledge"]
        if not half:
            read_by_others(path, with_pytables=seen % 40 == 0)
            require_told(path, log.acknowledged(count))
        verify(path, log.acknowledged(count), later)
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("durability", ["process", "interval", "entry"])
@pytest.mark.parametrize("waiting", ["few", "many"])
def test_a_power_cut_keeps_what_was_synced(tmp_path, monkeypatch, durability, waiting):
    """Whether few rows were waiting for the disk when the structure changed, or many."""
    if waiting == "many":
        monkeypatch.setattr(on_disk, "_LITTLE", -1)
        monkeypatch.setattr(on_disk.OnDisk, "sync_within", lambda *_: None)
    log, begun = logged_run(tmp_path / "run.h5", monkeypatch, durability)
    rng = np.random.default_rng(2)
    path = tmp_path / "image.h5"
    for count in rng.integers(begun + 2, len(log.operations), 80).tolist():
        safe, image = log.power_cut(count, rng)
        path.write_bytes(image)
        # With "entry", each was synced before it was acknowledged.
        synced = log.acknowledged(count if durability == "entry" else safe)
        keys, attributes = told(synced)
        with StreamFile.open(path) as file:
            for name in set(STREAMS) & {*keys, *attributes}:
                stream = collection(file, name)[name]
                found = dict(stream.items())
                assert list(found)[: len(keys.get(name, []))] == keys.get(name, [])
                assert all(same(value, KINDS[name].value(key)) for key, value in found.items())
                stream.append(1000, KINDS[name].value(1000))
            for node, values in attributes.items():
                owner = file if node == "/" else collection(file, node)[node]
                assert set(values) <= set(owner.application)
                if "score" in values:
                    assert owner.application["score"] >= values["score"]
        read_by_others(path, with_pytables=False)
        with h5py.File(path) as h5:
            assert h5["finished"][0] == 1
            if LATE in h5.get("frame_stream", ()):
                require_keys(h5, len(h5[f"frame_stream/{LATE}/index"]))


def test_the_replay_notices_keys_that_come_before_their_frames(tmp_path, monkeypatch):
    """A control: with the keys set first, it fails."""
    from longtake.streams import FrameStream

    real = FrameStream._append

    def key_first(self, timestamp, content, count, checksum):
        self._growth.make_room(len(self._columns) + 1, self._columns.end + 1)
        self._columns.keys.write(self._columns.end, b"\1")
        real(self, timestamp, content, count, checksum)

    with monkeypatch.context() as patch:
        patch.setattr(FrameStream, "_append", key_first)
        log, begun = logged_run(tmp_path / "run.h5", monkeypatch)
    path = tmp_path / "image.h5"
    failures = 0
    for count, image in log.images(begun, half=False):
        path.write_bytes(image)
        try:
            require_told(path, log.acknowledged(count))
        except AssertionError:
            failures += 1
    assert failures > 0


def test_the_replay_notices_rows_that_come_before_their_data(tmp_path, monkeypatch):
    """A control: with the index written first, it fails."""
    from longtake.streams.columns import ColumnSet

    def index_first(self, key, content, count, checksum):
        (dataset,) = self.columns.values()
        end = self.end + count
        row = np.array([(key, self.end, end, checksum)], self.index.dtype)
        self.index.write(self.index.rows, row.tobytes())
        dataset.write(self.end, content)
        self.index.rows += 1
        self._use(end)

    with monkeypatch.context() as patch:
        patch.setattr(ColumnSet, "write_bytes", index_first)
        patch.setattr(ColumnSet, "ahead", lambda *_: (0, 0, 0, 0, 0, 0))
        log, begun = logged_run(tmp_path / "run.h5", monkeypatch)
    path = tmp_path / "image.h5"
    failures = 0
    for number, (count, image) in enumerate(log.images(begun, half=False)):
        if number % 3 == 0:
            path.write_bytes(image)
            try:
                with StreamFileView(path) as view:
                    require(view, log.acknowledged(count), [])
            except (AssertionError, LongtakeError):
                failures += 1
    assert failures > 0
