"""How much is taken ahead of need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from longtake.hdf import GrowingDataset, LiveFile
from longtake.hdf.raw_file import RawFile
from longtake.streams import StreamFile, growth, stream_creation
from longtake.streams.columns import ColumnSet, index_dtype
from longtake.streams.growth import Growth
from tests.hdf.write_log import WriteLog

GB = 1024**3


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Room:
    """Stands for a LiveFile: it only counts."""

    is_growing = False

    def __init__(self) -> None:
        self.steps: list[dict[GrowingDataset, int]] = []

    def grow(self, capacities):
        for dataset, rows in capacities.items():
            assert rows > dataset.capacity
            dataset.capacity = rows
        self.steps.append(capacities)

    grow_soon = grow


def sized(name: str, dtype: str | np.dtype, chunk_rows: int) -> GrowingDataset:
    dataset = GrowingDataset(None, name, np.dtype(dtype), (), chunk_rows)  # pyright: ignore[reportArgumentType]
    dataset.capacity = chunk_rows
    return dataset


def made() -> tuple[Growth, Room, ColumnSet]:
    columns = ColumnSet(
        sized("index", index_dtype("timestamp"), 128),
        {"x": sized("x", "f8", 512), "b": sized("b", "u1", 4096)},
    )
    room = Room()
    return Growth(room, columns), room, columns  # pyright: ignore[reportArgumentType]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 2)), min_size=1, max_size=300),
    st.sampled_from([0, 64 * 1024]),
)
@example([(1097, 0.0), (3000, 0.0), (144, 0.0), (3000, 0.0), (3000, 0.0)], 0)
def test_there_is_room_always_and_little_of_it_is_waste(values, little):
    """After any appends, at any rate: at most a twelfth and 3 chunks, or half as much as little."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growth, "monotonic", clock)
        patch.setattr(growth, "_LITTLE", little)
        grown, _, columns = made()
        index_rows = data_rows = 0
        for count, seconds in values:
            clock.now += seconds
            index_rows, data_rows = index_rows + 1, data_rows + count
            grown.make_room(index_rows, data_rows)
            columns.index.rows = index_rows
            for dataset in columns.columns.values():
                dataset.rows = data_rows
            for dataset in columns.datasets:
                assert dataset.capacity >= dataset.rows
                assert dataset.capacity % dataset.chunk_rows == 0
                spare = dataset.capacity - dataset.rows
                part = dataset.rows / 12 + 3 * dataset.chunk_rows
                assert spare <= max(part, little / dataset.row_bytes / 2 + dataset.chunk_rows)


def test_steps_are_few_when_much_comes(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(growth, "monotonic", clock)
    grown, room, _ = made()
    for number in range(1, 20_001):
        clock.now += 1e-3
        grown.make_room(number, 500 * number)
    assert len(room.steps) < 200  # 10 000 000 rows, 19 532 chunks of x


def test_what_is_asked_for_is_not_asked_for_at_each_append():
    """But half way to where it is needed, for it may have been refused in silence."""
    grown, room, columns = made()
    room.grow_soon = room.steps.append
    rows = columns.columns["x"].capacity
    asked = []
    for needed in range(400, rows + 1):
        grown.make_room(1, needed)
        if len(room.steps) > len(asked):
            asked.append(needed)
    assert 2 <= len(asked) < 12
    assert columns.columns["x"].capacity == rows
    grown.make_room(3, rows + 1)
    assert columns.columns["x"].capacity > rows


def test_large_frames_come_eight_at_a_time(monkeypatch):
    """Each has a chunk of its own, and a step takes longer than to write one."""
    clock = Clock()
    monkeypatch.setattr(growth, "monotonic", clock)
    columns = ColumnSet(sized("index", "u1", 128), {"frames": sized("frames", "V1000000", 1)})
    room = Room()
    grown = Growth(room, columns)  # pyright: ignore[reportArgumentType]
    for number in range(1, 81):
        clock.now += 5e-3
        grown.make_room(number, number)
    assert len(room.steps) < 16


def test_no_step_is_larger_than_256_mib(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(growth, "monotonic", clock)
    columns = ColumnSet(sized("index", "u1", 128), {"x": sized("x", "f8", 512)})
    columns.columns["x"].capacity = columns.columns["x"].rows = 100 * GB // 8
    room = Room()
    grown = Growth(room, columns)  # pyright: ignore[reportArgumentType]
    clock.now += 1e-3
    grown.make_room(1, 100 * GB // 8 + 10**6)
    assert room.steps[0][columns.columns["x"]] - 100 * GB // 8 <= (256 * 1024**2 + 10**7) // 8


def test_a_value_larger_than_any_step(tmp_path):
    with StreamFile.create(tmp_path / "f.h5") as file:
        stream = file.create_record_stream("s", {"x": "f8", "flag": "?"})
        values = np.arange(3_000_000.0)
        stream.append(1, {"x": values[:2], "flag": values[:2] > 0})
        stream.append(2, {"x": values, "flag": values % 2 == 0})
        stream.append(3, {"x": values[:2], "flag": values[:2] > 0})
        np.testing.assert_array_equal(stream[2]["x"], values)
        np.testing.assert_array_equal(stream[2]["flag"], values % 2 == 0)
        assert stream[3]["x"].tolist() == [0, 1]


def test_a_stream_grows_at_100_gb_as_it_does_at_1(tmp_path, monkeypatch):
    """Bytes written and syncs of a growth step of 256 MiB; no disk is used, it is all sparse."""
    monkeypatch.setattr(RawFile, "reserve", lambda *_: None)
    file = LiveFile.create(tmp_path / "f.h5", {})
    columns: list[ColumnSet] = []

    def edit(h5):
        columns.append(
            stream_creation.create_columns(
                file.raw, h5, "index", "timestamp", {"x": np.dtype("f8")}, 0
            )
        )
        return columns[0].datasets

    (_, x) = file.change(edit)
    step = 256 * 1024**2 // 8
    costs = {}
    for size in (GB, 100 * GB):
        while x.capacity < size // 8:
            file.grow({x: min(x.capacity + 64 * step, size // 8)})
        with monkeypatch.context() as patch:
            log = WriteLog()
            log.record(patch)
            for _ in range(3):
                file.grow({x: x.capacity + step})
        written = [len(op[2]) for op in log.operations if op[0] == "write"]
        assert sum(op[0] == "sync" for op in log.operations) == 3
        costs[size] = sum(written)
    assert costs[100 * GB] <= 2 * costs[GB] + 3 * 65536
    assert (tmp_path / "f.h5").stat().st_blocks * 512 < 64 * 1024**2
    x.rows = x.capacity  # or the close would give back 400 000 chunks
    file.abandon()
