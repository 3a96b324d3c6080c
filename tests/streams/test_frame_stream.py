"""A frame stream: arrays of one shape, as they were."""

from __future__ import annotations

import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from longtake.errors import DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.streams import StreamFile, StreamFileView, stream_creation
from longtake.streams.columns import UNCHECKED


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.h5"


@pytest.fixture
def file(path):
    with StreamFile.create(path) as made:
        yield made


DTYPES = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?")
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), shape=hnp.array_shapes(min_dims=0, max_dims=3, max_side=5), dtype=DTYPES)
def test_frames_come_back_as_they_were(tmp_path_factory, data, shape, dtype):
    frames = data.draw(hnp.arrays(dtype, (3, *shape)))
    path = tmp_path_factory.mktemp("f") / "f.h5"
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", shape, dtype)
        stream.append(1, frames[0])
        stream.append_many([2, 3], frames[1:])
        with StreamFileView(path) as view:
            seen = view.frame_streams["s"]
            assert seen.shape == shape
            assert seen.dtype == dtype.newbyteorder("<")
            for side in (stream, seen):
                for number in range(3):
                    assert side[number + 1].shape == shape
                    np.testing.assert_array_equal(side[number + 1], frames[number])
                np.testing.assert_array_equal(side[2:], frames[1:])
    with h5py.File(path) as h5:
        assert h5["frame_stream/s/data"].shape == (3, *shape)
        np.testing.assert_array_equal(h5["frame_stream/s/data"][()], frames)


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((5, 4), "<f4").T,
        np.zeros((4, 10), "<f4")[:, ::2],
        np.asfortranarray(np.ones((4, 5), "<f4")),
        np.arange(20, dtype=">f4").reshape(4, 5)[::-1],
        np.broadcast_to(np.float32(3), (4, 5)),
    ],
)
def test_frames_of_any_memory_layout(file, frame):
    stream = file.create_frame_stream("s", (4, 5), "f4")
    stream.append(1, frame)
    stream.append_many([2, 3], np.stack([frame, frame]))
    for key in (1, 2, 3):
        np.testing.assert_array_equal(stream[key], frame)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (np.zeros((4, 4), "f4"), InvalidArgument),
        (np.zeros((1, 4, 5), "f4"), InvalidArgument),
        (np.zeros((4, 5), "f8"), WrongType),
        (np.zeros((4, 5), "i4"), WrongType),
        (np.full((4, 5), None), WrongType),
        (np.ma.masked_all((4, 5), "f4"), WrongType),
        ([[1, 2], [3]], InvalidArgument),
        ("frame", InvalidArgument),
        (None, InvalidArgument),
    ],
)
def test_frames_that_do_not_fit(file, frame, error):
    stream = file.create_frame_stream("s", (4, 5), "f4")
    with pytest.raises(error, match="'s'"):
        stream.append(1, frame)
    with pytest.raises(LongtakeError, match="'s'"):
        stream.append_many([1, 2], [frame, frame])
    assert len(stream) == 0
    stream.append(1, np.ones((4, 5), "f4"))


def test_bursts_that_do_not_fit(file):
    stream = file.create_frame_stream("s", (2,), "u1")
    frames = np.zeros((2, 2), "u1")
    for keys in ([1], [1, 2, 3], [2, 2], [2, 1], [1.5, 2], [1, "2"]):
        with pytest.raises((InvalidArgument, WrongType)):
            stream.append_many(keys, frames)
    stream.append_many([], np.zeros((0, 2), "u1"))
    assert len(stream) == 0


@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((0,), "u1", InvalidArgument),
        ((2**20, 2**20), "f8", InvalidArgument),
        ((-1,), "u1", InvalidArgument),
        ((2,), "O", WrongType),
        ((2,), "M8[s]", WrongType),
        ((2,), [("a", "i4")], WrongType),
        ((2.5,), "u1", LongtakeError),
        ((2,), "nonsense", LongtakeError),
        ("ab", "u1", LongtakeError),
    ],
)
def test_streams_that_cannot_be(file, shape, dtype, error):
    before = file.generation
    with pytest.raises(error):
        file.create_frame_stream("s", shape, dtype)
    assert file.generation == before
    assert file.frame_streams == {}
    file.create_frame_stream("s", (2,), "u1")


def test_large_and_small_frames(path, file):
    """Of which a chunk holds one, or many; in blocks, or by themselves."""
    for name, shape in (("large", (300, 400)), ("small", (3,)), ("odd", (37, 11))):
        stream = file.create_frame_stream(name, shape, "u2")
        for key in range(30):
            stream.append(key, np.full(shape, key, "u2"))
    with StreamFileView(path) as view:
        for stream in view.frame_streams.values():
            for key, frame in stream.items():
                assert (frame == key).all()
                assert frame.flags.owndata or frame.base is not None
                frame += 1
            assert (stream[29] == 29).all()
            assert stream[5:9].shape[0] == 4


def test_an_altered_frame_is_told(path):
    with StreamFile.create(path) as file:
        checked = file.create_frame_stream("checked", (4,), "u1")
        taken = file.create_frame_stream("taken", (4,), "u1", checksum=False)
        for stream in (checked, taken):
            stream.append_many(range(5), np.zeros((5, 4), "u1"))
    with h5py.File(path, "r+") as h5:
        assert set(h5["frame_stream/taken/index"]["checksum"]) == {UNCHECKED}
        for name in ("checked", "taken"):
            h5[f"frame_stream/{name}/data"][2, 1] = 7
    with StreamFileView(path) as view:
        with pytest.raises(DamagedFile, match="/frame_stream/checked the data of 2 "):
            view.frame_streams["checked"][2]
        with pytest.raises(DamagedFile):
            list(view.frame_streams["checked"].values())
        assert view.frame_streams["checked"][3:].tolist() == [[0] * 4] * 2
        assert view.frame_streams["taken"][2].tolist() == [0, 7, 0, 0]


def test_whether_frames_are_checked_is_remembered(path):
    with StreamFile.create(path) as file:
        file.create_frame_stream("s", (4,), "u1", {"a": 1}, checksum=False)
    with StreamFile.open(path) as file:
        assert file.frame_streams["s"].is_checked is False
        assert file.frame_streams["s"].application == {"a": 1}
        file.frame_streams["s"].append(1, np.zeros(4, "u1"))
    with h5py.File(path) as h5:
        assert h5["frame_stream/s/index"]["checksum"].tolist() == [UNCHECKED]


def test_a_row_of_many_frames_is_damage_and_is_not_read(path):
    """However many it claims, it takes no memory."""
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", (1000, 1000), "u1", checksum=False)
        for key in range(20):
            stream.append(key, np.zeros((1000, 1000), "u1"))
    with h5py.File(path, "r+") as h5:
        rows = h5["frame_stream/s/index"][:]
        rows["end_index"][0] = 20
        rows["end_index"][5] = rows["start_index"][5]
        h5["frame_stream/s/index"][:] = rows
    with StreamFileView(path) as view:
        stream = view.frame_streams["s"]
        len(stream)
        tracemalloc.start()
        with pytest.raises(DamagedFile, match="value of 20 rows, at 0"):
            stream[0]
        with pytest.raises(DamagedFile, match="the data of 5 "):
            stream[5]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()
        assert stream[6:].shape == (14, 1000, 1000)


def test_iterating_holds_a_block(path, monkeypatch):
    monkeypatch.setattr("longtake.streams.frame_view._BLOCK_BYTES", 200_000)
    monkeypatch.setattr(stream_creation, "_FRAMES_CHUNK_BYTES", 100_000)
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", (100, 100), "u1")
        stream.append_many(range(400), np.zeros((400, 100, 100), "u1"))
    with StreamFileView(path) as view:
        seen = view.frame_streams["s"]
        len(seen)
        tracemalloc.start()
        assert sum(1 for _ in seen.values()) == 400
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()
