"""Keys say of each frame whether it is there, whatever happened when it was stored."""

from __future__ import annotations

import errno
from contextlib import suppress

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import WriteFailed
from longtake.hdf.raw_file import RawFile
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.frame_keys import THERE
from tests.streams.small_chunks import grow_often

SHAPE = (3, 4)
FRAME = np.full(SHAPE, 7, "u1")


@pytest.fixture
def path(tmp_path, monkeypatch):
    grow_often(monkeypatch, 8, 64)
    return tmp_path / "f.h5"


def keys(path) -> list[int]:
    """The keys up to the first zero; none comes after it."""
    with h5py.File(path) as h5:
        found = h5["frame_stream/s/key"][:]
    count = np.count_nonzero(found)
    assert found[:count].all()
    return found[:count].tolist()


def test_each_frame_has_its_key_when_append_returns(path):
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", SHAPE, "u1")
        assert keys(path) == []
        for number in range(30):
            stream.append(number, FRAME)
            assert keys(path) == [1] * (number + 1)
        stream.append_many(range(30, 60), [FRAME] * 30)
        assert keys(path) == [1] * 60
        stream.append_many([], np.zeros((0, *SHAPE), "u1"))
    assert keys(path) == [1] * 60
    with h5py.File(path) as h5:
        assert h5["frame_stream/s/key"].shape == (60,)
        assert h5["frame_stream/s/key"].maxshape == (None,)


def test_streams_of_other_kinds_have_none(path):
    with StreamFile.create(path) as file:
        file.create_data_stream("d").append(1, 1)
        file.create_record_stream("r", {"key": "f8"}).append(1, {"key": np.arange(2.0)})
        file.create_table_stream("t", [("key", "i4")]).append(1, np.zeros(2, [("key", "i4")]))
        file.create_frame_stream("key", SHAPE, "u1").append(1, FRAME)
    with h5py.File(path) as h5:
        assert "key" not in h5["data_stream/d"]
        assert "key" not in h5["record_stream/t"]
        assert h5["record_stream/r/key"][:].tolist() == [0, 1]
    with StreamFileView(path) as view:
        assert view.record_streams["r"][1]["key"].tolist() == [0, 1]
        assert view.frame_streams["key"][1].tolist() == FRAME.tolist()


@given(kept=st.sets(st.integers(0, 19)), torn=st.integers(0, 4), is_crash=st.booleans())
@settings(max_examples=30, deadline=None)
def test_whatever_a_crash_left_of_them_is_put_right(tmp_path_factory, kept, torn, is_crash):
    """Any may be missing after a power cut, and there be some of frames that are not."""
    path = tmp_path_factory.mktemp("f") / "f.h5"
    file = StreamFile.create(path)
    stream = file.create_frame_stream("s", SHAPE, "u1")
    stream.append_many(range(20), [FRAME] * 20)
    (place, _), *_ = stream.sets[0].keys.ranges()
    file._file.abandon() if is_crash else file.close()
    ahead = torn if is_crash else 0
    with path.open("r+b") as raw:
        raw.seek(place)
        raw.write(bytes(number in kept for number in range(20)) + b"\1" * ahead)
    with StreamFileView(path) as view:  # who reads goes by the index
        assert len(view.frame_streams["s"]) == 20
    with StreamFile.open(path) as file:
        assert keys(path) == [1] * 20
        file.frame_streams["s"].append(20, FRAME)
        assert keys(path) == [1] * 21
    assert keys(path) == [1] * 21


def test_keys_that_somebody_cut_are_made_again(path):
    with StreamFile.create(path) as file:
        file.create_frame_stream("s", SHAPE, "u1").append_many(range(40), [FRAME] * 40)
    with h5py.File(path, "r+") as h5:
        h5["frame_stream/s/key"].resize(5, axis=0)
    with StreamFileView(path) as view:
        assert len(view.frame_streams["s"]) == 40
    StreamFile.open(path).close()
    assert keys(path) == [1] * 40


def test_a_stream_without_them_is_read_and_goes_on(path):
    with StreamFile.create(path) as file:
        file.create_frame_stream("s", SHAPE, "u1").append(1, FRAME)
    with h5py.File(path, "r+") as h5:
        del h5["frame_stream/s/key"]
        h5["frame_stream/s/key"] = "another program's"
    with StreamFile.open(path) as file:
        for number in range(2, 40):
            file.frame_streams["s"].append(number, FRAME)
    with StreamFileView(path) as view:
        assert len(view.frame_streams["s"]) == 39


class Refusing:
    """Refuses to write keys, so many times; or is interrupted when it has, or has not."""

    def __init__(self, patch: pytest.MonkeyPatch, error: BaseException, times: int) -> None:
        self.left = times
        real = RawFile.write

        def write(raw, offset, data):
            if set(bytes(data)) == set(THERE) and self.left:
                self.left -= 1
                raise error
            real(raw, offset, data)

        patch.setattr(RawFile, "write", write)


@pytest.mark.parametrize("times", [1, 2, 10**9])
@pytest.mark.parametrize("burst", [1, 7])
def test_a_frame_whose_key_is_refused_is_stored(path, monkeypatch, times, burst):
    """Its key is set before the next frame is; until that can be done, none is stored."""
    file = StreamFile.create(path)
    stream = file.create_frame_stream("s", SHAPE, "u1")
    stream.append(0, FRAME)
    with monkeypatch.context() as patch:
        refusing = Refusing(patch, WriteFailed(errno.EIO, "broken"), times)
        stream.append_many(range(1, 1 + burst), [FRAME] * burst)
        assert len(keys(path)) == 1
        for number in range(min(times, 5) - 1):
            with pytest.raises(WriteFailed):
                stream.append(100 + number, FRAME)
            assert len(stream) == 1 + burst
        if times > 5:
            with pytest.raises(WriteFailed):
                file.close()
        else:
            assert not refusing.left
            stream.append(200, FRAME)
            assert len(keys(path)) == 2 + burst
            file.close()
    assert len(keys(path)) == (1 if times > 5 else 2 + burst)
    with h5py.File(path) as h5:
        assert h5["finished"][0] == (times <= 5)
    StreamFile.open(path).close()
    assert len(keys(path)) == (1 + burst if times > 5 else 2 + burst)


def test_an_interrupt_before_the_key_leaves_the_frame_with_it(path, monkeypatch):
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", SHAPE, "u1")
        with monkeypatch.context() as patch:
            Refusing(patch, KeyboardInterrupt(), 1)
            with pytest.raises(KeyboardInterrupt):
                stream.append(1, FRAME)
            assert keys(path) == [1]
            for error in (KeyboardInterrupt(), WriteFailed(errno.EIO, "broken")):
                Refusing(patch, error, 2)  # it is looked into, and that is broken off too
                with suppress(KeyboardInterrupt, WriteFailed):
                    stream.append(len(stream) + 1, FRAME)
        stream.append(100, FRAME)
        assert len(keys(path)) == len(stream)
