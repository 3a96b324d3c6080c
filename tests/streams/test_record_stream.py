"""A record stream, against a dict, while others read it and after it is reopened."""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from longtake.errors import Closed, DamagedFile, InvalidArgument, KeyNotFound, WrongType
from longtake.hdf.raw_file import RawFile
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.columns import ColumnSet, checksum_of
from tests.hdf.write_log import WriteLog
from tests.streams.small_chunks import grow_often

LATER = ("particle", "mass", "flag")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.h5"


def value(count: int, seed: int, later=()) -> dict[str, np.ndarray]:
    columns = {"x": np.arange(count) / 7 + seed, "n": np.full(count, seed % 256, "u1")}
    dtypes = {"particle": "<i8", "mass": "<f4", "flag": "?"}
    return columns | {name: (np.arange(count) + seed).astype(dtypes[name]) for name in later}


def require_same(found, expected) -> None:
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert np.array_equal(found[name], values)
        assert found[name].dtype == values.dtype


class StreamMachine(RuleBasedStateMachine):
    """Put, append, replace, add columns; reopen after a close and after a crash; read beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        grow_often(self.patch, 16, 512)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "f.h5"
        self.model: dict[int, dict[str, np.ndarray]] = {}
        self.together: list[set[str]] = []

    @initialize()
    def create(self):
        self.file = StreamFile.create(self.path)
        self.file.create_record_stream("beside", {"y": "i4"})
        self.stream = self.file.create_record_stream("s", {"x": "f8", "n": "u1"}, {"made": "here"})
        self.view = StreamFileView(self.path)

    @rule(
        key=st.integers(-3, 40),
        count=st.integers(0, 60),
        seed=st.integers(0, 3),
        later=st.sets(st.sampled_from(LATER)),
    )
    def put(self, key, count, seed, later):
        later = self.with_companions(later)
        given = value(count, seed, sorted(later))
        self.stream.put(key, given)
        self.model[key] = given

    def with_companions(self, later):
        """Columns that came together are given together."""
        known = set().union(*self.together)
        if later - known:
            self.together.append(later - known)
        return set().union(*(group for group in self.together if group & later))

    @rule(count=st.integers(0, 300), seed=st.integers(0, 3))
    def append(self, count, seed):
        key = max(self.model, default=0) + 1
        self.stream.append(key, value(count, seed))
        self.model[key] = value(count, seed)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), later=st.sampled_from(LATER))
    def put_again_with_a_later_column(self, data, later):
        key = data.draw(st.sampled_from(sorted(self.model)))
        given = dict(self.model[key])
        names = self.with_companions({later})
        again = value(len(given["x"]), 9, names)
        given |= {name: again[name] for name in names}
        self.stream.put(key, given)
        self.model[key] = given

    @rule()
    def another_stream(self):
        self.file.record_streams["beside"].put(1, {"y": np.ones(70, "<i4")})

    @rule(crash=st.booleans())
    def reopen(self, crash):
        if crash:
            self.file._file.abandon()
        else:
            self.file.close()
        self.file = StreamFile.open(self.path)
        self.stream = self.file.record_streams["s"]

    @rule()
    def another_reader(self):
        self.view.close()
        self.view = StreamFileView(self.path)

    @rule()
    def read_all_together(self):
        together = self.stream.read_together()
        expected = [self.model[key]["x"] for key in sorted(self.model)]
        assert np.array_equal(together["x"], np.concatenate([np.empty(0), *expected]))

    @invariant()
    def all_is_there(self):
        if not hasattr(self, "stream"):
            return
        live = self.view.record_streams["s"]
        live.refresh()
        for stream in (self.stream, live):
            assert stream.keys().tolist() == sorted(self.model)
            assert len(stream) == len(self.model)
            assert stream.last_key == max(self.model, default=None)
            assert stream.application == {"made": "here"}
            for key, expected in self.model.items():
                require_same(stream[key], expected)

    def teardown(self):
        self.view.close()
        self.file.close()
        with h5py.File(self.path) as h5:
            assert h5["record_stream/s/index"].shape[0] >= len(self.model)
        self.patch.undo()
        self.folder.cleanup()


StreamMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestStreamMachine = StreamMachine.TestCase


@pytest.fixture
def file(path):
    file = StreamFile.create(path)
    yield file
    file._file.abandon()


@pytest.fixture
def stream(file):
    return file.create_record_stream("s", {"x": "f8", "n": "i4"})


def columns(count: int = 3, **more) -> dict[str, np.ndarray]:
    return {"x": np.arange(count) / 2, "n": np.arange(count, dtype="i4"), **more}


REFUSED = {
    "lacks a column": ({"x": np.arange(3.0)}, InvalidArgument, "lacks 'n'"),
    "lengths": ({"x": np.arange(3.0), "n": np.arange(2)}, InvalidArgument, r"lengths \[2, 3\]"),
    "a fraction": (columns(n=np.array([0, 1.5, 2])), InvalidArgument, "cannot hold .*1.5"),
    "too large": (columns(n=np.array([0, 2**31, 2])), InvalidArgument, "cannot hold"),
    "NaN": (columns(n=np.array([0, np.nan, 2])), InvalidArgument, "cannot hold"),
    "text": (columns(x=np.array(["a", "b", "c"])), WrongType, "convert it"),
    "objects": (columns(new=np.array([None, 1, 2])), WrongType, "convert it"),
    "a matrix": (columns(new=np.ones((3, 2))), WrongType, "shape"),
    "a matrix of the type": (columns(x=np.ones((3, 2))), WrongType, "shape"),
    "a number": (columns(x=np.float64(1)), WrongType, "shape"),
    "a mask": (columns(x=np.ma.masked_equal(np.arange(3.0), 1)), WrongType, "mask"),
    "no columns": (None, WrongType, "dict of columns"),
    "ragged": (columns(x=[[1], [1, 2], 3]), InvalidArgument, "no array"),
    "a name": (columns(**{"a/b": np.ones(3)}), InvalidArgument, "'a/b'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_stored_changes_nothing(path, file, stream, name):
    given, error, message = REFUSED[name]
    stream.put(1, columns())
    before, generation = path.read_bytes(), file.generation
    for store in (
        lambda: stream.put(2, given),
        lambda: stream.append(2, given),
        lambda: stream.append_many([2, 3, 4], [columns(late=np.arange(3)), given, columns()]),
    ):
        with pytest.raises(error, match=message):
            store()
        assert path.read_bytes() == before
        assert file.generation == generation
        assert stream.keys().tolist() == [1]


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (2**63, InvalidArgument),
        (-(2**63) - 1, InvalidArgument),
        (1.5, InvalidArgument),
        ("1", WrongType),
    ],
)
def test_keys_that_cannot_be_stored(stream, key, error):
    with pytest.raises(error):
        stream.put(key, columns())
    assert len(stream) == 0
    stream.put(np.int64(7), columns())
    stream.put(2**63 - 1, columns())
    stream.put(-(2**63), columns())
    assert stream.keys().tolist() == [-(2**63), 7, 2**63 - 1]


def test_lists_are_columns_too(stream):
    stream.put(1, {"x": [0, 0.5, 1], "n": (1, 2, 3)})
    require_same(stream[1], {"x": np.array([0, 0.5, 1]), "n": np.array([1, 2, 3], "i4")})


def test_append_takes_only_greater_keys(stream):
    stream.append(5, columns())
    with pytest.raises(WrongType, match="'6'"):
        stream.append("6", columns())
    for key in (5, 4):
        with pytest.raises(InvalidArgument, match=f"key {key} does not come after the last one, 5"):
            stream.append(key, columns())
    assert stream.keys().tolist() == [5]


def test_what_is_put_into_a_file_that_was_opened_again(path, stream, file):
    """Before anything was read from it."""
    stream.put(5, value(1, 5))
    stream.put(7, value(2, 7))
    file.close()
    with StreamFile.open(path) as again:
        reopened = again.record_streams[stream.name]
        reopened.put(5, value(3, 6))
        reopened.put(6, value(1, 6, ("particle",)))
        assert list(reopened.keys()) == [5, 6, 7]
        assert reopened[5]["x"].tolist() == value(3, 6)["x"].tolist()
        assert reopened[7]["x"].tolist() == value(2, 7)["x"].tolist()


def test_bursts(path, stream):
    stream.append_many([], [])
    stream.append_many(iter([1, 2]), (columns(n) for n in (3, 0)))
    stream.append_many(np.array([3, 9], "u2"), [columns(1), {"x": [1, 2.5], "n": [3, 4]}])
    expected = {1: columns(3), 2: columns(0), 3: columns(1)}
    expected[9] = {"x": np.array([1, 2.5]), "n": np.array([3, 4], "i4")}
    with StreamFileView(path) as view:
        for found in (stream, view.record_streams["s"]):
            assert list(found) == [1, 2, 3, 9]
            for key, value in expected.items():
                require_same(found[key], value)
    for keys in ([10, 10], [11, 10], [9, 10], [10.5, 11], ["10", 11], [10, 2**63]):
        with pytest.raises((InvalidArgument, WrongType)):
            stream.append_many(keys, [columns()] * 2)
    with pytest.raises(InvalidArgument, match="3 keys for 2 values"):
        stream.append_many([10, 11, 12], [columns()] * 2)
    assert stream.last_key == 9
    stream.append(10, columns())


def test_a_burst_with_columns_that_only_some_of_it_have(path, file, stream):
    stream.append(1, columns(particle=np.arange(3)))
    burst = {
        2: columns(2),
        3: columns(5, particle=np.arange(5), mass=np.ones(5, "f4"), flag=np.ones(5, bool)),
        4: columns(0, particle=np.arange(0)),
        5: columns(1, mass=np.zeros(1, "f4"), flag=np.zeros(1, bool)),
    }
    with pytest.raises(InvalidArgument, match=r"lacks 'flag', which .* keeps together with 'mass'"):
        stream.append_many(burst, [*list(burst.values())[:3], columns(1, mass=np.ones(1, "f4"))])
    assert list(stream.dtypes) == ["x", "n", "particle"]
    stream.append_many(burst, burst.values())
    stream.append(6, columns(2, particle=np.arange(2)))
    file._file.abandon()
    with StreamFileView(path) as view, StreamFile.open(path) as again:
        for found in (stream, view.record_streams["s"], again.record_streams["s"]):
            if found is not stream:
                for key, value in burst.items():
                    require_same(found[key], value)
            assert len(found._sets) == 3
        assert len(again.record_streams["s"].read_together()["mass"]) == 3 + 2 + 5 + 0 + 1 + 2


def test_a_burst_larger_than_all_room(path, stream):
    values = [columns(n % 300) for n in range(3000)]
    stream.append_many(range(3000), values)
    stream.append(3000, columns())
    with StreamFileView(path) as view:
        for found, value in zip(view.record_streams["s"].values(), values, strict=False):
            require_same(found, value)


def test_a_burst_costs_a_write_for_each_dataset(monkeypatch, stream):
    stream.append(0, columns(particle=np.arange(3)))
    log = WriteLog()
    log.record(monkeypatch)
    values = [columns(n % 4, particle=np.arange(n % 4)) for n in range(100)]
    stream.append_many(range(1, 101), values)
    assert [operation[0] for operation in log.operations] == ["write"] * 5


def test_killed_in_the_midst_of_a_burst(path, monkeypatch, file, stream):
    """After any write, or half of it, some of its values are there, each of them whole."""
    stream.append(1, columns(particle=np.arange(3)))
    values = [columns(n, particle=np.arange(n)) if n % 2 else columns(n) for n in range(40)]
    log = WriteLog()
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        log.record(patch)
        stream.append_many(range(2, 42), values)
    image = path.with_name("image.h5")
    log.operations.insert(0, ("write", 0, before))
    counts = set()
    for half in (False, True):
        for _, data in log.images(1, half=half):
            image.write_bytes(data)
            for open_file in (StreamFileView, StreamFile.open):
                with open_file(image) as opened:
                    found = opened.record_streams["s"]
                    count = len(found) - 1
                    for value, expected in zip(list(found.values())[1:], values, strict=False):
                        require_same(value, expected)
                    counts.add(count)
    assert {0, 20, 40} <= counts


def test_a_missing_key_is_named(stream):
    with pytest.raises(KeyNotFound, match="'s' has nothing at 3: it is empty"):
        stream[3]
    for key in (10, 20):
        stream.put(key, columns())
    with pytest.raises(KeyNotFound, match="from 10 to 20, the nearest is 20"):
        stream[17]
    for key, nearest in ((2**70, 20), (-(2**63), 10)):
        with pytest.raises(KeyNotFound, match=f"the nearest is {nearest}"):
            stream[key]
    assert 10 in stream
    assert 11 not in stream
    assert "10" not in stream


def test_values_without_rows_and_streams_without_values(path, file, stream):
    stream.put(1, columns(0))
    stream.put(2, {"x": np.array([]), "n": np.array([])})  # of whatever type
    file.create_record_stream("empty", {"x": "f8"})
    file.create_record_stream("no columns", {}).put(5, {})
    for _ in range(2):
        file.close()
        file = StreamFile.open(path)
        assert [len(v["x"]) for v in file.record_streams["s"].values()] == [0, 0]
        assert len(file.record_streams["empty"]) == 0
        assert file.record_streams["no columns"][5] == {}
        assert file.record_streams["s"].read_together()["x"].dtype == "f8"
    file.record_streams["empty"].put(1, {"x": np.ones(1)})
    file.close()


def test_put_again_with_one_later_column_writes_that_only(monkeypatch, file, stream):
    stream.put(1, columns(1000))
    stream.put(1, columns(1000, particle=np.arange(1000)))
    log = WriteLog()
    log.record(monkeypatch)
    stream.put(1, columns(1000, particle=np.arange(1000) + 1))
    assert sum(len(op[2]) for op in log.operations if op[0] == "write") == 8000 + 32
    assert stream.rows == 1000


def test_two_later_sets_are_replaced_together(path, monkeypatch, file, stream):
    """Killed after any write, a value has the old ones or the new ones, not one of each."""
    old = {"particle": np.zeros(3, "i8"), "mass": np.zeros(3)}
    new = {"particle": np.ones(3, "i8"), "mass": np.ones(3)}
    stream.put(1, columns(particle=old["particle"]))
    stream.put(1, columns(**old))
    log = WriteLog()
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        log.record(patch)
        stream.put(1, columns(**new))
    require_same(stream[1], columns(**new))
    image = path.with_name("image.h5")
    log.operations.insert(0, ("write", 0, before))
    seen = set()
    for _, data in log.images(1, half=False):
        image.write_bytes(data)
        with StreamFile.open(image) as found:
            value = found.record_streams["s"][1]
            assert len({int(value["particle"][0]), int(value["mass"][0])}) == 1
            seen.add(int(value["mass"][0]))
    assert seen == {0, 1}


def test_room_is_made_before_anything_is_written(monkeypatch, file, stream):
    """So that readers never see, on a full disk, part of what is then taken back."""
    stream.put(1, columns(particle=np.arange(3)))
    log = WriteLog()
    log.record(monkeypatch)
    stream.put(2, columns(200_000, particle=np.arange(200_000)))
    last_sync = max(i for i, op in enumerate(log.operations) if op[0] == "sync")
    first_row = min(
        i for i, op in enumerate(log.operations) if op[0] == "write" and len(op[2]) > 10**6
    )
    assert first_row > last_sync


def test_a_reader_is_not_misled_by_what_was_taken_back(path, monkeypatch, file, stream):
    """A write failed after a later column's row; another value then takes the row's place."""
    stream.put(1, columns(particle=np.arange(3)))
    with StreamFileView(path) as view:
        live = view.record_streams["s"]
        real = ColumnSet.write

        def fail(columns_, key, arrays, checksum):
            if "x" in columns_.columns:
                live.refresh()
                raise KeyboardInterrupt
            real(columns_, key, arrays, checksum)

        with monkeypatch.context() as patch:
            patch.setattr(ColumnSet, "write", fail)
            with pytest.raises(KeyboardInterrupt):
                stream.put(2, columns(particle=np.full(3, 7)))
        stream.put(2, columns())
        stream.put(3, columns(particle=np.full(3, 9)))
        live.refresh()
        for found in (stream, live):
            require_same(found[2], columns())
            require_same(found[3], columns(particle=np.full(3, 9)))
            assert np.isnan(found.read_together()["particle"][3:6]).all()


def test_a_reader_is_not_misled_by_what_a_crash_left(path, file, stream):
    """The writer dies between a later column and its value; the next one writes another value."""
    stream.put(1, columns(particle=np.arange(3)))
    with StreamFileView(path) as view:
        live = view.record_streams["s"]
        stream._sets[1].write(1, [np.full(3, 7)], checksum_of([np.full(3, 7)]))
        file._file.abandon()
        live.refresh()
        assert list(live) == [1]
        with StreamFile.open(path) as reopened:
            again = reopened.record_streams["s"]
            again.put(2, columns())
            live.refresh()
            again.put(3, columns(particle=np.full(3, 9)))
            again.put(2, columns(particle=np.full(3, 8)))
            for found in (again, live):
                require_same(found[2], columns(particle=np.full(3, 8)))
                require_same(found[3], columns(particle=np.full(3, 9)))


def broken_off(patch, number: int, *, is_after: bool, times: int = 1) -> None:
    """Press Ctrl-C at a write: before anything of it is done, or when it returns."""
    real, count = RawFile.write, 0

    def write(raw, offset, data):
        nonlocal count
        count += 1
        if number <= count < number + times and not is_after:
            raise KeyboardInterrupt
        real(raw, offset, data)
        if number <= count < number + times:
            raise KeyboardInterrupt

    patch.setattr(RawFile, "write", write)


STORED = {
    "append": lambda stream: stream.append(10, columns(particle=np.full(3, 10))),
    "put": lambda stream: stream.put(0, columns(particle=np.full(3, 10))),
    "replace": lambda stream: stream.put(1, columns(x=np.ones(3), particle=np.full(3, 10))),
    "later": lambda stream: stream.put(1, columns(particle=np.full(3, 10))),
    "many": lambda stream: stream.append_many(
        [10, 11, 12], [columns(1), columns(particle=np.full(3, 10)), columns(2)]
    ),
}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", STORED)
def test_ctrl_c_in_the_midst_of_a_write(path, monkeypatch, name, is_after, times):
    """It is mostly raised when a write returns. The value is there whole, or not, for all."""
    number = 0
    while True:
        number += 1
        where = path.with_name(f"{number}.h5")
        file = StreamFile.create(where)
        stream = file.create_record_stream("s", {"x": "f8", "n": "i4"})
        stream.put(1, columns(particle=np.arange(3)))
        stream.put(2, columns())
        with StreamFileView(where) as view:
            live = view.record_streams["s"]
            before = dict(live.items())
            with monkeypatch.context() as patch:
                broken_off(patch, number, is_after=is_after, times=times)
                try:
                    STORED[name](stream)
                except KeyboardInterrupt:
                    is_over = False
                else:
                    is_over = True
            if is_over:
                file._file.abandon()
                break
            live.refresh()
            after = dict(live.items())
            if times == 1:
                assert list(after) == list(stream)
                require_all_same(stream, after)
            elif list(after) != list(before):
                assert is_after
            stream.put(20, columns())  # looks back first, if that was broken off as well
            stream.put(21, columns(particle=np.full(3, 21)))
            after = {k: v for k, v in stream.items() if k < 20}
            for found in (stream, live):
                assert list(found) == [*after, 20, 21]
                require_all_same(found, after)
                require_same(found[20], columns())
                require_same(found[21], columns(particle=np.full(3, 21)))
            file._file.abandon()
        with StreamFile.open(where) as again:
            require_all_same(again.record_streams["s"], after)
            assert list(again.record_streams["s"]) == [*after, 20, 21]
    assert number > 2


def require_all_same(stream, expected) -> None:
    for key, value in expected.items():
        require_same(stream[key], value)


def test_the_very_first_value_broken_off(path, monkeypatch, file, stream):
    """Its number is 0, as is everything in a row that was taken back."""
    with monkeypatch.context() as patch:
        real = ColumnSet.write

        def fail(columns_, key, arrays, checksum):
            if "x" in columns_.columns:
                live.refresh()
                raise KeyboardInterrupt
            real(columns_, key, arrays, checksum)

        patch.setattr(ColumnSet, "write", fail)
        with StreamFileView(path) as view:
            live = view.record_streams["s"]
            with pytest.raises(KeyboardInterrupt):
                stream.put(1, columns(particle=np.arange(3)))
            patch.setattr(ColumnSet, "write", real)
            stream.put(1, columns())
            for found in (stream, live):
                require_same(found[1], columns())
                assert "particle" not in found.read_together()


def test_later_columns_of_a_value_that_never_came(path, file, stream):
    """A crash between them and the value's own row: they are cleared, and close can trim."""
    stream.put(1, columns(particle=np.arange(3)))
    later = stream._sets[1]
    later.write(1, [np.full(50, 5)], 12345)
    file._file.abandon()
    for _ in range(2):
        with StreamFile.open(path) as reopened:
            assert reopened.record_streams["s"].keys().tolist() == [1]
    with h5py.File(path) as h5:
        assert h5["record_stream/s/particle"].shape == (3,)
    with StreamFile.open(path) as reopened:
        reopened.record_streams["s"].put(2, columns())
        require_same(reopened.record_streams["s"][2], columns())


def test_a_torn_append_is_cleared(path, file, stream):
    stream.put(1, columns())
    stream.datasets[1].write(3, np.full(40, 3.5).tobytes())  # its row never came
    file._file.abandon()
    with StreamFile.open(path) as reopened:
        assert reopened.record_streams["s"].keys().tolist() == [1]
    with h5py.File(path) as h5:
        assert h5["record_stream/s/x"].shape == (3,)


def test_a_row_that_points_nowhere_is_damage_when_the_structure_is_known(path, file, stream):
    stream.put(1, columns())
    with StreamFileView(path) as view:
        stream.datasets[0].write(1, np.array([2, 3, 10**9, 5], "<u8").tobytes())
        with pytest.raises(DamagedFile, match="points at data rows 3 to 1000000000"):
            view.record_streams["s"].refresh()


def test_a_writer_that_is_faster_than_its_reader_is_no_damage(path, file, stream):
    """The file grows again each time the reader has looked at its structure."""
    stream.put(1, columns())
    with StreamFileView(path) as view:
        live = view.record_streams["s"]
        real, key = view.refresh, 1

        def look() -> bool:
            nonlocal key
            changed = real()
            key += 1
            stream.put(key, columns(100_000))
            return changed

        live.look_again = look
        live.refresh()
        live.look_again = real
        live.refresh()
        assert live.keys().tolist() == list(range(1, key + 1))


def test_a_closed_stream_says_so(file, stream):
    stream.put(1, columns())
    file.close()
    with pytest.raises(Closed):
        stream.put(2, columns())
    with pytest.raises(Closed):
        stream.put(3, columns(10**6))
    with pytest.raises(Closed):
        stream[1]


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "f2", "u8", "S5", "f8", ">i4", ">f8"])
def test_column_types(path, dtype):
    """Columns of 1 byte have the largest chunks."""
    values = np.array([0, 1, 1, 0, 1] * 60_000).astype(dtype)
    with StreamFile.create(path) as file:
        stream = file.create_record_stream("s", {"v": dtype})
        for key in range(3):
            stream.append(key, {"v": values[key:]})
    with StreamFileView(path) as view:
        for key in range(3):
            found = view.record_streams["s"][key]["v"]
            assert np.array_equal(found, values[key:])
            assert found.dtype == np.dtype(dtype).newbyteorder("<")
    with h5py.File(path) as h5:
        assert len(h5["record_stream/s/v"]) == 3 * 300_000 - 3


def test_a_range_stays_as_it_was_while_others_put(path, file, stream):
    for key in (20, 30):
        stream.put(key, columns(key))
    items = stream.items_for_range(15, None)
    values = stream.values()
    stream.put(10, columns(3))
    stream.put(20, columns(5))
    assert [(key, len(next(iter(value.values())))) for key, value in items] == [(20, 20), (30, 30)]
    assert [len(next(iter(value.values()))) for value in values] == [20, 30]
