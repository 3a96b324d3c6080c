"""A data stream, against a dict, while others read it and after it is reopened."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from longtake.errors import Closed, DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.hdf.raw_file import RawFile
from longtake.streams import StreamFile, StreamFileView
from tests.hdf.write_log import WriteLog
from tests.streams.small_chunks import grow_often


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.h5"


@pytest.fixture
def file(path):
    with StreamFile.create(path) as made:
        yield made


@pytest.fixture
def stream(file):
    return file.create_data_stream("s")


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=8,
)
REFUSED = [{1, 2}, object(), 2**64, [1, {"deep": {3}}], "\ud800", {(1, 2): 3}, 1j]


class StreamMachine(RuleBasedStateMachine):
    """Append, in bursts and what cannot be, set attributes; close, crash; read beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        grow_often(self.patch, 16, 512)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "f.h5"
        self.model: dict[int, object] = {}
        self.attributes: dict[str, object] = {"made": "here"}

    @initialize()
    def create(self):
        self.file = StreamFile.create(self.path)
        self.stream = self.file.create_data_stream("s", {"made": "here"})
        self.view = StreamFileView(self.path)

    @property
    def last(self) -> int:
        return max(self.model, default=-100)

    @rule(step=st.integers(1, 2**40), value=PLAIN)
    def append(self, step, value):
        self.stream.append(self.last + step, value)
        self.model[self.last + step] = value

    @rule(values=st.lists(PLAIN, max_size=40))
    def append_many(self, values):
        first = self.last + 3
        keys = range(first, first + 2 * len(values), 2)
        self.stream.append_many(keys, values)
        self.model |= dict(zip(keys, values, strict=True))

    @rule(count=st.integers(100, 2000))
    def append_much(self, count):
        key = self.last + 1
        self.stream.append(key, bytes(count))
        self.model[key] = bytes(count)

    @rule(back=st.integers(0, 5))
    def append_late(self, back):
        if self.model:
            with pytest.raises(InvalidArgument, match="does not come after"):
                self.stream.append(self.last - back, "late")
            with pytest.raises(InvalidArgument, match="does not come after"):
                self.stream.append_many([self.last - back, self.last + 9], ["late", "late"])

    @rule(value=st.sampled_from(REFUSED))
    def append_what_cannot_be(self, value):
        with pytest.raises((WrongType, InvalidArgument)):
            self.stream.append(self.last + 1, value)
        with pytest.raises((WrongType, InvalidArgument)):
            self.stream.append_many([self.last + 1, self.last + 2], ["good", value])

    @rule(name=st.sampled_from("ab"), value=PLAIN)
    def set_attribute(self, name, value):
        self.stream.set_attribute(name, value)
        self.attributes[name] = value

    @rule(crash=st.booleans())
    def reopen(self, crash):
        if crash:
            self.file._file.abandon()
        else:
            self.file.close()
        self.file = StreamFile.open(self.path)
        self.stream = self.file.data_streams["s"]

    @rule()
    def another_reader(self):
        self.view.close()
        self.view = StreamFileView(self.path)

    @invariant()
    def both_are_the_model(self):
        if not hasattr(self, "view"):
            return
        seen = self.view.data_streams["s"]
        for side in (self.stream, seen):
            assert list(side.items()) == sorted(self.model.items())
            assert side.attributes.application == self.attributes

    def teardown(self):
        if hasattr(self, "view"):
            self.view.close()
            self.file.close()
            with h5py.File(self.path) as h5:
                assert h5["data_stream/s/index"]["timestamp"].tolist() == sorted(self.model)
        self.folder.cleanup()
        self.patch.undo()


TestAgainstADict = StreamMachine.TestCase
TestAgainstADict.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


def test_what_comes_back(stream):
    """Each in the type it was given in; tuples as lists."""
    array = np.arange(6, dtype=">i4").reshape(2, 3)[:, ::-1]
    structured = np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")])
    values = [None, True, -1, 2**64 - 1, -0.0, "é", b"\0\xff", {}, [], {"a": {"b": [1]}}]
    values += [np.float32(1.1), np.int8(-3), np.bool_(1), array, structured, np.float64(2), ""]
    for key, value in enumerate(values):
        stream.append(key, value)
    for found, value in zip(stream.values(), values, strict=True):
        if isinstance(value, np.ndarray):
            assert found.dtype == value.dtype
            assert np.array_equal(found, value)
        else:
            assert found == value
            assert type(found) is (float if isinstance(value, float) else type(value))
    stream.append(100, (1, (2, [3])))
    assert stream[100] == [1, [2, [3]]]
    stream.append(101, math.nan)
    assert math.isnan(stream[101])


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"ball": [1, 2, {3}]}, r"data\['ball'\]\[2\]: a set cannot be stored; use a list"),
        ([0, 2**64], r"data\[1\]: an integer outside"),
        ({"a": {(1, 2): 3}}, r"a key of data\['a'\]"),
        (lambda: 1, "data: a function cannot be stored"),
        (np.ma.masked_array([1, 2], [0, 1]), "data: .*filled"),
        (np.array([object()]), "data: "),
    ],
)
def test_what_would_not_come_back_is_refused_with_its_place(stream, value, where):
    stream.append(1, "before")
    with pytest.raises(LongtakeError, match=where):
        stream.append(2, value)
    with pytest.raises(LongtakeError, match=where.replace("data", r"values\[1\]", 1)):
        stream.append_many([2, 3], [0, value])
    stream.append(2, "after")
    assert list(stream.items()) == [(1, "before"), (2, "after")]


def test_what_is_appended_is_taken_at_once(stream):
    """What the caller does to it later does not matter."""
    value = {"list": [1]}
    stream.append(1, value)
    value["list"].append(2)
    assert stream[1] == {"list": [1]}


def test_bursts(stream):
    stream.append_many([], [])
    stream.append_many(iter([1, 2]), (n for n in "ab"))
    stream.append_many(np.array([3, 9], "u2"), [None, {}])
    assert list(stream.items()) == [(1, "a"), (2, "b"), (3, None), (9, {})]
    for keys in ([10, 10], [11, 10], [9, 10], [10.5, 11], ["10", 11], [10, 2**63]):
        with pytest.raises((InvalidArgument, WrongType)):
            stream.append_many(keys, [0, 0])
    with pytest.raises(InvalidArgument, match="3 timestamps for 2 values"):
        stream.append_many([10, 11, 12], [0, 0])
    assert stream.last_key == 9
    stream.append(10, 0)


def test_a_burst_larger_than_all_room(path, file, stream):
    stream.append(0, "x" * 100)
    stream.append_many(range(1, 20_001), ["x" * (n % 300) for n in range(1, 20_001)])
    stream.append(20_001, b"")
    with StreamFileView(path) as view:
        found = list(view.data_streams["s"].values())
        assert found[1:-1] == ["x" * (n % 300) for n in range(1, 20_001)]


def test_a_burst_costs_two_writes(stream, monkeypatch):
    stream.append(0, "room")
    log = WriteLog()
    log.record(monkeypatch)
    stream.append_many(range(1, 101), range(100))
    assert [operation[0] for operation in log.operations] == ["write", "write"]


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2], ids=["data", "index"])
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_ctrl_c_in_the_midst_of_an_append(path, file, stream, monkeypatch, many, number, is_after):
    """It is mostly raised when a write returns. The entry is there whole, or not, for all."""

    def append(key):
        if many:
            stream.append_many([key, key + 1], ["many", "more"])
        else:
            stream.append(key, "one")

    append(0)
    with StreamFileView(path) as view:
        seen = view.data_streams["s"]
        before = list(seen)
        real, left = RawFile.write, number

        def interrupted(raw, offset, data):
            nonlocal left
            left -= 1
            if left == 0 and not is_after:
                raise KeyboardInterrupt
            real(raw, offset, data)
            if left == 0:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(RawFile, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                append(10)
        then = list(seen)
        assert then == list(stream)
        assert (len(then) > len(before)) == (number == 2 and is_after)
        append(20)
        assert list(seen) == list(stream) == then + list(stream)[len(then) :]
        assert list(seen.items()) == list(stream.items())
        file._file.abandon()
        assert list(seen.values()) == [dict(seen.items())[key] for key in seen]
    with StreamFile.open(path) as again:
        assert list(again.data_streams["s"])[: len(then)] == then
        with pytest.raises(InvalidArgument):
            again.data_streams["s"].append(20, 0)


@pytest.mark.parametrize("timestamp", [7.0, np.float64(8)])
def test_floats_are_no_timestamps(stream, timestamp):
    """Not even whole ones: a large one may be a neighbour, rounded."""
    with pytest.raises(WrongType, match="'s': a timestamp is an integer, not"):
        stream.append(timestamp, "float")
    assert list(stream) == []


def test_to_dataframe(path, file, stream):
    assert stream.to_dataframe().empty
    stream.append_many([3, 5, 9], [{"x": 1, "y": 0.5}, {"x": 2}, "text"])
    table = stream.to_dataframe()
    assert table.index.name == "timestamp"
    assert table.index.tolist() == [3, 5, 9]
    assert table["x"].tolist()[:2] == [1, 2]
    assert table.loc[9, "value"] == "text"
    with StreamFileView(path) as view:
        pd.testing.assert_frame_equal(view.data_streams["s"].to_dataframe(), table)


def test_to_dataframe_while_it_is_written(path, file, stream, monkeypatch):
    stream.append(1, {"x": 1})
    with StreamFileView(path) as view:
        seen = view.data_streams["s"]
        real = view.refresh

        def refresh():
            stream.append(stream.last_key + 1, {"x": 1})
            return real()

        monkeypatch.setattr(seen, "look_again", refresh)
        table = seen.to_dataframe()
        assert len(table) >= 2
        assert table["x"].tolist() == [1] * len(table)


def damage(path, row, field, value):
    """Alter one field of a row of the index, as another program could."""
    with h5py.File(path, "r+") as h5:
        rows = h5["data_stream/s/index"][:]
        rows[field][row] = value
        h5["data_stream/s/index"][:] = rows


@pytest.fixture
def written(path):
    with StreamFile.create(path) as file:
        for name in ("s", "good"):
            stream = file.create_data_stream(name)
            stream.append_many(range(10), [{"n": n} for n in range(10)])
    return path


def test_an_altered_entry_is_told_and_costs_no_other(written):
    with h5py.File(written, "r+") as h5:
        h5["data_stream/s/data"][9] ^= 1
    with StreamFileView(written) as view:
        stream = view.data_streams["s"]
        bad = [key for key in stream if not _reads(stream, key)]
        assert len(bad) == 1
        with pytest.raises(DamagedFile, match=f"/data_stream/s the data of {bad[0]} "):
            list(stream.values())
        assert [v["n"] for v in stream.values_for_range(bad[0] + 1)] == list(range(bad[0] + 1, 10))
        assert len(list(view.data_streams["good"].values())) == 10


def _reads(stream, key) -> bool:
    try:
        return stream[key] == {"n": key}
    except DamagedFile:
        return False


@pytest.mark.parametrize(
    ("row", "field", "value", "told"),
    [
        (5, "timestamp", 4, "row 5 of /data_stream/s/index has the timestamp 4 after 4"),
        (5, "timestamp", 0, "row 5 of /data_stream/s/index has the timestamp 0 after 4"),
        (5, "timestamp", -7, "row 5 of /data_stream/s/index has the timestamp -7 after 4"),
        (5, "timestamp", 2**60, "row 6 of /data_stream/s/index has the timestamp 6 after"),
        (9, "timestamp", 0, "row 9 of"),
        (5, "end_index", 2**40, "row 5 of /data_stream/s/index points at data rows"),
        (5, "start_index", 2**63, "row 5 of /data_stream/s/index points at data rows"),
        (5, "end_index", 0, "row 5 of /data_stream/s/index points at data rows"),
    ],
)
def test_an_index_that_contradicts_itself(written, row, field, value, told):
    damage(written, row, field, value)
    with StreamFileView(written) as view:
        stream = view.data_streams["s"]
        for ask in (stream.keys, stream.values, lambda: stream[20], lambda: len(stream)):
            with pytest.raises(DamagedFile, match=told):
                ask()
        assert [stream[key]["n"] for key in range(5)] == [0, 1, 2, 3, 4]
        assert stream.get(4) == {"n": 4}
        assert len(list(view.data_streams["good"].values())) == 10


def test_rows_that_overlap(written):
    """They read what they point at, if that is what was written."""
    damage(written, 5, "start_index", 0)
    with StreamFileView(written) as view:
        stream = view.data_streams["s"]
        with pytest.raises(DamagedFile, match="the data of 5 do not have"):
            stream[5]
        assert [stream[key]["n"] for key in stream if key != 5] == [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_an_entry_of_an_absurd_size_is_not_read(written, monkeypatch):
    monkeypatch.setattr("longtake.streams.data_view.MOST_BYTES", 20)
    damage(written, 5, "start_index", 0)
    with StreamFileView(written) as view:
        with pytest.raises(DamagedFile, match="at 5, more than any that longtake writes"):
            view.data_streams["s"][5]
        assert view.data_streams["s"][6] == {"n": 6}


def test_appending_to_a_closed_file(path, file, stream):
    stream.append(1, "kept")
    file.close()
    for append in (lambda: stream.append(2, 0), lambda: stream.append_many([2], [0])):
        with pytest.raises(Closed, match="nothing was stored in 's'"):
            append()
