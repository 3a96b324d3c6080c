"""LZO1X: every instruction by the description of the format; and what is no stream at all."""

from __future__ import annotations

import threading

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t, h5z
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.hdf import lzo_filter
from longtake.hdf.lzo import DAMAGED, decode, decoded_length

END = b"\x11\0\0"
NUMBER = st.integers(0, 60_000)
STEPS = st.lists(
    st.tuples(st.sampled_from(["literals", "near", "short", "far", "very far"]), NUMBER, NUMBER),
    max_size=12,
)


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    """Else the first example waits for the compiler, and hypothesis wonders at it."""
    decode(as_array(END), as_array(END))
    decoded_length(as_array(END))


def as_array(stream: bytes) -> np.ndarray:
    return np.frombuffer(bytearray(stream), np.uint8)


def more(length: int) -> bytes:
    """What is left of a length: zeros for 255 each, and a byte that is none."""
    zeros = (length - 1) // 255
    return bytes(zeros) + bytes([length - 255 * zeros])


def sized(code: int, bits: int, length: int) -> bytes:
    most = (1 << bits) - 1
    return bytes([code | length]) if length <= most else bytes([code]) + more(length - most)


class Encoder:
    """Writes instructions, as they are asked for, and the bytes that they stand for."""

    def __init__(self, first: bytes) -> None:
        self.content = bytearray(first)
        self.stream = bytearray()
        if len(first) > 238:
            self.stream += sized(0, 4, len(first) - 3)
        elif first:
            self.stream.append(17 + len(first))
        self.stream += first
        self.before = len(first)

    def literals(self, count: int) -> None:
        """As many bytes as they are: they cannot follow others."""
        if self.before == 0:
            given = bytes(n * 7 % 256 for n in range(4 + count % 600))
            self.stream += sized(0, 4, len(given) - 3) + given
            self.content += given
            self.before = len(given)

    def copy(self, how: str, distance: int, count: int) -> None:
        """Copy from a distance, and then 0 to 3 bytes as they are."""
        literals = bytes([count % 251, 1, 2][: count % 4])
        code = self._code(how, distance, count, len(literals))
        if code is not None:
            written, distance, length = code
            for _ in range(length):
                self.content.append(self.content[-distance])
            self.content += literals
            self.stream += written + literals
            self.before = len(literals)

    def _code(self, how: str, distance: int, count: int, literals: int):
        if how == "near" and self.before:
            length, least = (2, 1) if self.before < 4 else (3, 2049)
            distance = self._distance(least, distance % 1024)
            if distance is None:
                return None
            code = distance - least
            return bytes([(code & 3) << 2 | literals, code >> 2]), distance, length
        if how in {"near", "short"}:
            distance, length = self._distance(1, distance % 2048), 3 + count % 6
            if distance is None:
                return None
            code = distance - 1
            first = (length - 1) << 5 | (code & 7) << 2 | literals
            return bytes([first, code >> 3]), distance, length
        if how == "far":
            distance, length = self._distance(1, distance % 16384), 3 + count % 700
            if distance is None:
                return None
            low = (distance - 1) << 2 | literals
            return sized(32, 5, length - 2) + low.to_bytes(2, "little"), distance, length
        distance, length = self._distance(16385, distance % 32767), 3 + count % 700
        if distance is None:
            return None
        code = distance - 16384
        low = (code & 0x3FFF) << 2 | literals
        written = sized(16 | (code >> 14) << 3, 3, length - 2) + low.to_bytes(2, "little")
        return written, distance, length

    def _distance(self, least: int, more: int) -> int | None:
        distance = min(least + more, len(self.content))
        return distance if distance >= least else None


@st.composite
def encoded(draw):
    """A stream, and what it stands for."""
    encoder = Encoder(draw(st.binary(max_size=300)) * draw(st.sampled_from([0, 1, 1, 1, 200])))
    for what, one, other in draw(STEPS):
        if what == "literals":
            encoder.literals(one)
        else:
            encoder.copy(what, one, other)
    return bytes(encoder.stream) + END, bytes(encoder.content)


def decoded(stream: bytes, room: int) -> tuple[int, bytes]:
    """Decode into the middle of an array, and see that nothing was written outside."""
    margin = 64
    around = np.full(room + 2 * margin, 0xA5, np.uint8)
    length = decode(as_array(stream), around[margin : margin + room])
    assert (around[:margin] == 0xA5).all()
    assert (around[margin + room :] == 0xA5).all()
    assert length == DAMAGED or 0 <= length <= room
    return length, around[margin : margin + max(length, 0)].tobytes()


@settings(max_examples=200)
@given(encoded())
def test_every_instruction(made):
    stream, content = made
    assert decoded_length(as_array(stream)) == len(content)
    assert decoded(stream, len(content)) == (len(content), content)
    assert decoded(stream, len(content) + 9) == (len(content), content)
    if content:
        assert decoded(stream, len(content) - 1)[0] == DAMAGED
        assert decoded(stream, 0)[0] == DAMAGED


@pytest.mark.parametrize("before", [1, 2, 3, 4, 5, 18, 19, 238, 239, 3000])
@pytest.mark.parametrize("how", ["near", "short", "far"])
def test_an_instruction_after_so_many_bytes(before, how):
    encoder = Encoder(bytes(n % 253 for n in range(before)))
    for count in (7, 0, 4, 600, 35, 34, 33, 32, 288, 289):
        encoder.copy(how, count * 31, count)
        encoder.literals(count)
    stream, content = bytes(encoder.stream) + END, bytes(encoder.content)
    assert decoded(stream, len(content)) == (len(content), content)


@pytest.mark.parametrize(
    ("distance", "length"),
    [(16385, 3), (20_000, 9), (32_767, 10), (32_768, 300), (49_151, 264), (49_151, 2000)],
)
def test_a_copy_from_very_far(distance, length):
    encoder = Encoder(np.random.default_rng(1).bytes(50_000))
    encoder.copy("very far", distance - 16385, length - 3)
    assert encoder.stream[50_000:] != b""
    stream, content = bytes(encoder.stream) + END, bytes(encoder.content)
    assert decoded(stream, len(content)) == (len(content), content)


def test_nothing():
    assert decoded_length(as_array(END)) == 0
    assert decoded(END, 0) == (0, b"")
    for stream in (b"", b"\x11", b"\x11\0", b"\x10\0\0", b"\x12\0\0", b"\x11\0\0\0", b"\x20\0\0"):
        assert decoded_length(as_array(stream)) == DAMAGED
        assert decoded(stream, 100)[0] == DAMAGED


@given(encoded(), st.data())
def test_a_stream_that_was_cut_short(made, data):
    stream, content = made
    cut = stream[: data.draw(st.integers(0, len(stream) - 1))]
    assert decoded_length(as_array(cut)) == DAMAGED
    assert decoded(cut, len(content) + 100)[0] == DAMAGED


@settings(max_examples=300)
@given(encoded(), st.data())
def test_a_stream_that_was_changed(made, data):
    stream, content = bytearray(made[0]), made[1]
    places = st.integers(0, len(stream) - 1)
    for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        stream[at] = value
    refuses_or_decodes(bytes(stream), len(content))


@settings(max_examples=500)
@given(st.binary(max_size=400), st.integers(0, 3000))
def test_any_bytes(stream, room):
    refuses_or_decodes(stream, room)


@given(
    st.lists(st.sampled_from([0, 0, 1, 15, 16, 17, 18, 24, 31, 32, 63, 64, 128, 255]), max_size=300)
)
def test_bytes_that_instructions_begin_with(stream):
    refuses_or_decodes(bytes(stream), 2000)
    refuses_or_decodes(b"\x15abcd" + bytes(stream) + END, 2000)


def refuses_or_decodes(stream: bytes, room: int) -> None:
    expected = decoded_length(as_array(stream))
    assert expected <= 255 * max(len(stream), 1)
    length = decoded(stream, room)[0]
    assert length == (expected if expected <= room else DAMAGED)


VALUES = np.repeat(np.arange(20, dtype="u1"), 5)


PYTABLES = (h5z.FILTER_FLETCHER32, h5z.FILTER_SHUFFLE, lzo_filter.LZO)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def make(path, chunks: list[bytes], *, mask: int = 0, filters=(lzo_filter.LZO,)) -> None:
    """Make a dataset in chunks of 100 bytes, as a program does that has an LZO to write with."""
    if h5z.filter_avail(lzo_filter.LZO):  # else HDF5 refuses, for it cannot encode
        h5z.unregister_filter(lzo_filter.LZO)
    with h5py.File(path, "w") as h5:
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((100,))
        for number in filters:
            plist.set_filter(number, h5z.FLAG_OPTIONAL, (1, 11, 4))
        space = h5s.create_simple((100 * len(chunks),))
        made = h5d.create(h5.id, b"x", h5t.NATIVE_UINT8, space, plist)
        for number, chunk in enumerate(chunks):
            made.write_direct_chunk((100 * number,), chunk, mask)
    lzo_filter.register()


def stream_of(values: np.ndarray) -> bytes:
    return bytes([17 + len(values)]) + values.tobytes() + END


def read(path) -> np.ndarray:
    with h5py.File(path) as h5:
        return h5["x"][:]


def test_hdf5_reads_it(path):
    make(path, [stream_of(VALUES), stream_of(VALUES[::-1])])
    np.testing.assert_array_equal(read(path), [*VALUES, *VALUES[::-1]])


def test_hdf5_reads_what_was_left_as_it_is(path):
    make(path, [VALUES.tobytes()], mask=1)
    np.testing.assert_array_equal(read(path), VALUES)


@pytest.mark.parametrize(
    "stored", [b"\0", b"\x11", END, stream_of(VALUES)[:-1], stream_of(VALUES) + b"\0"]
)
def test_hdf5_refuses_what_is_damaged(path, stored):
    make(path, [stored])
    with pytest.raises(OSError, match="filter"):
        read(path)


@pytest.mark.parametrize("count", [1, 99, 101])
def test_a_chunk_of_another_length(path, count):
    make(path, [stream_of(np.resize(VALUES, count))])
    with lzo_filter.expecting(100, 100), pytest.raises(OSError, match="filter"):
        read(path)


def test_lengths_hold_inside_only(path):
    make(path, [stream_of(np.resize(VALUES, 101))])
    with lzo_filter.expecting(100, 100), pytest.raises(OSError, match="filter"):
        read(path)
    np.testing.assert_array_equal(read(path), VALUES)


@pytest.mark.parametrize(
    ("filters", "lengths"),
    [
        ((), None),
        ((lzo_filter.LZO,), (100, 100)),
        ((h5z.FILTER_SHUFFLE, lzo_filter.LZO), (100, 100)),
        (PYTABLES, (100, 104)),
        ((lzo_filter.LZO, h5z.FILTER_FLETCHER32), None),
        ((h5z.FILTER_DEFLATE, lzo_filter.LZO), None),
        ((lzo_filter.LZO, lzo_filter.LZO), None),
    ],
)
def test_lengths_are_known_of_what_pytables_makes(path, filters, lengths):
    make(path, [b"?"], filters=filters)
    with h5py.File(path) as h5:
        assert lzo_filter.chunk_lengths(h5["x"].id) == lengths


def test_hdf5_does_not_write_it(path):
    make(path, [stream_of(VALUES)])
    before = path.read_bytes()
    with h5py.File(path, "r+") as h5, pytest.raises(OSError, match="encoding is disabled"):
        h5["x"][3] = 7
    assert path.read_bytes()[100:] == before[100:]
    np.testing.assert_array_equal(read(path), VALUES)


def test_registering_twice_changes_nothing():
    lzo_filter.register()
    lzo_filter.register()
    assert h5z.filter_avail(lzo_filter.LZO)
    assert h5z.get_filter_info(lzo_filter.LZO) == h5z.FILTER_CONFIG_DECODE_ENABLED


def test_threads(path):
    arrays = [np.full(100, number, "u1") for number in range(40)]
    make(path, [stream_of(array) for array in arrays])
    failed = []

    def work() -> None:
        try:
            for _ in range(5):
                np.testing.assert_array_equal(read(path), np.concatenate(arrays))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
