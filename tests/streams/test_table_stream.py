"""A table stream: rows of one structured dtype, as they were."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from longtake.errors import DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.streams import StreamFile, StreamFileView, TableStream, TableStreamView
from tests.hdf.write_log import WriteLog

SPIKES = np.dtype([("timestamp", "<i8"), ("channel", "u1"), ("samples", "<f4", (75,))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.h5"


@pytest.fixture
def file(path):
    with StreamFile.create(path) as made:
        yield made


def spikes(count: int, seed: int = 0) -> np.ndarray:
    rows = np.zeros(count, SPIKES)
    rows["timestamp"], rows["channel"] = np.arange(count) + seed, seed % 256
    rows["samples"] = np.arange(75) + seed
    return rows


FIELD = st.sampled_from(["<i8", ">i4", "u1", "?", "<f2", ">f8", "S3", ("<f4", (2, 3)), ("?", (2,))])


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), kinds=st.lists(FIELD, min_size=1, max_size=5), align=st.booleans())
def test_rows_come_back_as_they_were(tmp_path_factory, data, kinds, align):
    fields = [
        (f"f{i}", *(kind if type(kind) is tuple else (kind,))) for i, kind in enumerate(kinds)
    ]
    dtype = np.dtype(fields, align=align)
    counts = data.draw(st.lists(st.integers(0, 4), max_size=5))
    values = [data.draw(hnp.arrays(dtype, count)) for count in counts]
    path = tmp_path_factory.mktemp("f") / "f.h5"
    with StreamFile.create(path) as file:
        stream = file.create_table_stream("s", dtype)
        for key, rows in enumerate(values):
            stream.append(key, rows)
    with StreamFileView(path) as view:
        seen = view.record_streams["s"]
        assert isinstance(seen, TableStreamView)
        assert seen.dtype.names == dtype.names
        for found, rows in zip(seen.values(), values, strict=True):
            assert found.shape == rows.shape
            for name in dtype.names:
                np.testing.assert_array_equal(found[name], rows[name])
        assert len(seen.table()) == sum(counts)
        assert seen.table().dtype == seen.dtype


def test_rows_in_the_byte_order_they_were_announced_in(file):
    dtype = np.dtype([("a", ">i4"), ("b", ">f8")])
    stream = file.create_table_stream("s", dtype)
    stream.append(1, np.array([(1, 2.5)], dtype))
    assert stream[1].tolist() == [(1, 2.5)]


def test_entries_without_rows(path, file):
    """Nothing found, and not looked at, are two things."""
    stream = file.create_table_stream("s", SPIKES)
    for key, count in ((1, 0), (2, 3), (3, 0), (4, 0), (5, 1)):
        stream.append(key, spikes(count, key))
    with StreamFileView(path) as view:
        seen = view.record_streams["s"]
        assert [len(rows) for rows in seen.values()] == [0, 3, 0, 0, 1]
        assert 3 in seen
        assert 6 not in seen
        assert len(seen.table()) == 4
        assert len(seen.table()) == 4


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (np.zeros((2, 2), SPIKES), InvalidArgument),
        (np.zeros((), SPIKES), InvalidArgument),
        (np.zeros(2, "f8"), WrongType),
        (np.zeros(2, [("timestamp", "<i8")]), WrongType),
        (np.ma.masked_all(2, SPIKES), WrongType),
        ([(1, 2)], WrongType),
        ([[1], [1, 2]], InvalidArgument),
        (None, WrongType),
    ],
)
def test_rows_that_do_not_fit(file, rows, error):
    stream = file.create_table_stream("s", SPIKES)
    with pytest.raises(error, match="'s'"):
        stream.append(1, rows)
    assert len(stream) == 0
    stream.append(1, spikes(2))


def test_bursts(path, file):
    stream = file.create_table_stream("s", SPIKES)
    stream.append_many([], [])
    stream.append_many(iter([1, 2]), (rows for rows in (spikes(3, 1), spikes(0))))
    stream.append_many(np.array([3, 9], "u2"), [spikes(0), spikes(2, 9)])
    expected = [(1, spikes(3, 1)), (2, spikes(0)), (3, spikes(0)), (9, spikes(2, 9))]
    with StreamFileView(path) as view:
        for found in (stream, view.record_streams["s"]):
            for (key, rows), (wanted, content) in zip(found.items(), expected, strict=True):
                assert key == wanted
                np.testing.assert_array_equal(rows, content)
    stream.append(10, spikes(1))


@pytest.mark.parametrize(
    ("keys", "values", "error", "message"),
    [
        ([10, 10], [spikes(1)] * 2, InvalidArgument, "10 does not come after the last one, 10"),
        ([5, 10], [spikes(1)] * 2, InvalidArgument, "5 does not come after the last one, 5"),
        ([6.5, 10], [spikes(1)] * 2, WrongType, "6.5"),
        ([6, "7"], [spikes(1)] * 2, WrongType, "'7'"),
        ([6, 7, 8], [spikes(1)] * 2, InvalidArgument, "3 timestamps for 2 values"),
        ([6, 7], [spikes(1), np.zeros(1)], WrongType, r"values\[1\]: 's' holds rows of"),
        ([6, 7], [spikes(1), spikes(1)[0]], InvalidArgument, r"values\[1\]: .* shape \(\)"),
    ],
)
def test_a_burst_that_cannot_be_stored_is_not_begun(path, file, keys, values, error, message):
    stream = file.create_table_stream("s", SPIKES)
    stream.append(5, spikes(1))
    before = path.read_bytes()
    with pytest.raises(error, match=message):
        stream.append_many(keys, values)
    assert path.read_bytes() == before
    assert list(stream) == [5]


def test_a_burst_costs_two_writes(file, monkeypatch):
    stream = file.create_table_stream("s", SPIKES)
    stream.append(0, spikes(1))
    log = WriteLog()
    log.record(monkeypatch)
    stream.append_many(range(1, 101), [spikes(n % 4) for n in range(100)])
    assert [operation[0] for operation in log.operations] == ["write", "write"]


def test_a_burst_of_rows_with_a_shape_or_padding_larger_than_all_room(path, file):
    shaped = file.create_table_stream("shaped", "i2", row_shape=(4,))
    padded = file.create_table_stream("padded", np.dtype([("a", "u1"), ("b", "f8")], align=True))
    rows = [np.full((n % 50, 4), n, ">i2") for n in range(3000)]
    pairs = [np.full(n % 50, n % 200, padded.dtype) for n in range(3000)]
    shaped.append_many(range(3000), rows)
    padded.append_many(range(3000), pairs)
    with StreamFileView(path) as view:
        for name, values in (("shaped", rows), ("padded", pairs)):
            for found, expected in zip(view.record_streams[name].values(), values, strict=True):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "dtype",
    [
        "nonsense",
        np.dtype("O"),
        np.dtype([("a", "O")]),
        np.dtype([("a", "U3")]),
        np.dtype([("a", "M8[s]")]),
        np.dtype([("a", [("b", "i4")])]),
        np.dtype([("a/b", "i4")]),
        np.dtype([]),
    ],
)
def test_tables_that_cannot_be(file, dtype):
    before = file.generation
    with pytest.raises(LongtakeError):
        file.create_table_stream("s", dtype)
    assert file.generation == before
    assert file.record_streams == {}


def test_it_goes_on_after_it_is_opened_again(path):
    with StreamFile.create(path) as file:
        file.create_table_stream("s", SPIKES, {"unit": "uV"}).append(1, spikes(5, 1))
    with StreamFile.open(path) as file:
        stream = file.record_streams["s"]
        assert isinstance(stream, TableStream)
        assert stream.application == {"unit": "uV"}
        with pytest.raises(InvalidArgument, match="does not come after the last one, 1"):
            stream.append(1, spikes(1))
        stream.append(2, spikes(2, 2))
        np.testing.assert_array_equal(stream[1], spikes(5, 1))
    with StreamFileView(path) as view:
        expected = np.concatenate([spikes(5, 1), spikes(2, 2)])
        np.testing.assert_array_equal(view.record_streams["s"].table(), expected)


def test_pytables_sees_a_table(path):
    with StreamFile.create(path) as file:
        file.create_table_stream("s", SPIKES).append(1, spikes(5, 3))
    with tables.open_file(str(path)) as h5:
        table = h5.root.record_stream.s.data
        assert isinstance(table, tables.Table)
        assert table.colnames == list(SPIKES.names)
        assert len(table.read_where("timestamp > 4")) == 3


def test_an_altered_row_is_told(path):
    with StreamFile.create(path) as file:
        stream = file.create_table_stream("s", SPIKES)
        for key in range(4):
            stream.append(key, spikes(2, key))
    with h5py.File(path, "r+") as h5:
        rows = h5["record_stream/s/data"][:]
        rows["channel"][5] += 1
        h5["record_stream/s/data"][:] = rows
    with StreamFileView(path) as view:
        stream = view.record_streams["s"]
        for ask in (lambda: stream[2], stream.table):
            with pytest.raises(DamagedFile, match="/record_stream/s the data of 2 "):
                ask()
        np.testing.assert_array_equal(stream[3], spikes(2, 3))
