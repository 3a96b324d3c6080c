"""numpy's values in entries: msgpack-numpy's bytes, and arrays of the same dtype back."""

from __future__ import annotations

import msgpack
import msgpack_numpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from longtake.errors import DamagedFile
from longtake.streams.entry_codec import decode_entry, encode_entry

PLAIN = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128))
    | hnp.unicode_string_dtypes(endianness="?")
    | hnp.byte_string_dtypes()
)


def has_titles(dtype: np.dtype) -> bool:
    fields = (dtype.base.fields or {}).values()
    return any(len(field) > 2 or has_titles(field[0]) for field in fields)


def has_colons(dtype: np.dtype) -> bool:
    """Whether numpy gives no buffer of such an array, which msgpack-numpy asks for."""
    fields = (dtype.base.fields or {}).items()
    return any(":" in name or has_colons(field[0]) for name, field in fields)


DTYPES = PLAIN | hnp.array_dtypes(PLAIN, max_size=3, allow_subarrays=True).filter(
    lambda dtype: not has_titles(dtype) and not has_colons(dtype)
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def identical(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def foreign(content: bytes):
    return msgpack.unpackb(content, object_hook=msgpack_numpy.decode, strict_map_key=False)


@given(hnp.arrays(DTYPES, SHAPES))
def test_arrays_come_back_and_are_as_msgpack_numpy_has_them(array):
    content = encode_entry({"a": [array]})
    assert content == msgpack.packb({"a": [array]}, default=msgpack_numpy.encode)
    back = decode_entry(content)["a"][0]
    assert identical(back, array)
    assert back.flags.c_contiguous
    assert not back.flags.writeable
    assert identical(foreign(content)["a"][0], array)


def test_names_that_numpy_gives_no_buffer_of():
    array = np.array([(1, 2.5)], [("a:b", "i4"), (":", "f8")])
    content = encode_entry(array)
    assert identical(decode_entry(content), array)
    assert identical(foreign(content), array)


@given(st.sampled_from(["M8[ns]", "m8[us]", "M8[25s]", ">M8[D]"]), SHAPES)
def test_times_come_back(dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype("i8").view("i8")
    times = array.astype(np.dtype(dtype))
    content = encode_entry(times)
    assert identical(decode_entry(content), times)
    assert identical(foreign(content), times)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12).reshape(3, 4)[:, ::2],
        np.arange(12).reshape(3, 4)[::-1],
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.zeros(3, "g"),
        np.float32(2)[...],
        np.zeros((0, 5)),
    ],
)
def test_layouts(array):
    assert identical(
        decode_entry(encode_entry(array)), np.ascontiguousarray(array).reshape(array.shape)
    )


def test_a_mapped_array_is_an_array(tmp_path):
    mapped = np.memmap(tmp_path / "a", "<i4", "w+", shape=(2, 3))
    back = decode_entry(encode_entry(mapped))
    assert type(back) is np.ndarray
    assert identical(back, mapped)


@pytest.mark.parametrize(
    "scalar",
    [
        np.float32(1.1),
        np.float16(2),
        np.int64(-1),
        np.uint8(200),
        np.bool_(1),
        np.complex64(1 + 2j),
        np.complex128(-0.0 + 2j),
        np.longdouble(1) / 3,
        np.datetime64("2020-01-01T00:00:00.5"),
        np.timedelta64(5, "ms"),
    ],
    ids=lambda scalar: scalar.dtype.name,
)
def test_scalars_keep_their_type(scalar):
    content = encode_entry([scalar])
    (back,) = decode_entry(content)
    assert type(back) is type(scalar)
    assert back.dtype == scalar.dtype
    assert back == scalar
    assert foreign(content)[0] == scalar
    if not isinstance(scalar, np.datetime64):
        assert content == msgpack.packb([scalar], default=msgpack_numpy.encode)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (
            np.array([2**64 - 1, 2**64 - 2, 2**64 - 3], "u8"),
            b"\x85\xc4\x02nd\xc3\xc4\x04type\xa3<u8\xc4\x04kind\xc4\x00\xc4\x05shape\x91\x03"
            b"\xc4\x04data\xc4\x18" + b"\xff" * 8 + b"\xfe" + b"\xff" * 7 + b"\xfd" + b"\xff" * 7,
        ),
        (
            np.float32(1.1),
            b"\x83\xc4\x02nd\xc2\xc4\x04type\xa3<f4\xc4\x04data\xc4\x04\xcd\xcc\x8c\x3f",
        ),
        (
            np.array([(1, 0.0)], [("a", "<i4"), ("b", "<f8")]),
            b"\x85\xc4\x02nd\xc3\xc4\x04type\x92\x92\xa1a\xa3<i4\x92\xa1b\xa3<f8\xc4\x04kind\xc4\x01V"
            b"\xc4\x05shape\x91\x01\xc4\x04data\xc4\x0c\x01" + bytes(11),
        ),
    ],
)
def test_bytes_of_the_format(value, content):
    assert encode_entry(value) == content
    assert np.array_equal(decode_entry(content), value)


def test_a_complex_number_of_others():
    assert decode_entry(msgpack.packb([1 + 2j], default=msgpack_numpy.encode)) == [1 + 2j]


GOOD = {b"nd": True, b"type": "<i4", b"kind": b"", b"shape": [2], b"data": bytes(8)}


def fields(depth: int) -> list:
    described = [["a", "<i4"]]
    for _ in range(depth):
        described = [["a", described]]
    return described


@pytest.mark.parametrize(
    "change",
    [
        {b"nd": 1},
        {b"nd": None},
        {b"nd": []},
        {b"type": "O"},
        {b"type": "i4,O"},
        {b"type": "<i3"},
        {b"type": "|S0", b"data": b"", b"shape": [2**62]},
        {b"type": "|S999999999"},
        {b"type": "<M8[xyz]"},
        {b"type": 4},
        {b"type": b"<i4"},
        {b"type": None},
        {b"type": {}},
        {b"type": [["a", "<i4"]]},
        {b"type": "<U1", b"data": b"\xff" * 8},
        {b"type": "|b1", b"data": b"\x02\x00"},
        {b"type": "|V4"},
        {b"kind": b"V"},
        {b"kind": b"O"},
        {b"kind": b"x"},
        {b"kind": []},
        {b"kind": ""},
        {b"shape": [3]},
        {b"shape": [-2]},
        {b"shape": [True, 2]},
        {b"shape": 2},
        {b"shape": None},
        {b"shape": [2.0]},
        {b"shape": [2**63, 0], b"data": b""},
        {b"shape": [2, *[1] * 70]},
        {b"data": "12345678"},
        {b"data": bytes(7)},
        {b"data": None},
        {b"more": 1},
        {b"complex": 1},
        {b"kind": b"V", b"type": [["a"]]},
        {b"kind": b"V", b"type": [["a", "<i4", "x"]]},
        {b"kind": b"V", b"type": [["a", "<i4", [2**40]]]},
        {b"kind": b"V", b"type": [["a", "<i4", [-1]]]},
        {b"kind": b"V", b"type": [["a", "<i4"], ["a", "<i4"]]},
        {b"kind": b"V", b"type": [], b"data": b"", b"shape": [2**62]},
        {b"kind": b"V", b"type": [[["a", "b"], "<i4"]]},
        {b"kind": b"V", b"type": [["a", "<U1"]], b"data": b"\xff" * 8},
        {b"kind": b"V", b"type": fields(100)},
        {b"kind": b"V", b"type": [[str(i), "<i4"] for i in range(5000)]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_form_that_contradicts_itself_is_damaged(change):
    with pytest.raises(DamagedFile):
        decode_entry(msgpack.packb([{**GOOD, **change}]))


@pytest.mark.parametrize("missing", [b"nd", b"type", b"shape", b"data"])
def test_a_form_in_part(missing):
    form = {key: value for key, value in GOOD.items() if key != missing}
    if missing == b"nd":
        assert decode_entry(msgpack.packb(form)) == form
    else:
        with pytest.raises(DamagedFile):
            decode_entry(msgpack.packb(form))


def test_early_writers_left_the_kind_out():
    form = {key: value for key, value in GOOD.items() if key != b"kind"}
    assert decode_entry(msgpack.packb(form)).tolist() == [0, 0]


@pytest.mark.parametrize("text", ["x", "1" * 200, 1, None])
def test_a_complex_number_that_is_none(text):
    with pytest.raises(DamagedFile):
        decode_entry(msgpack.packb({b"complex": True, b"data": text}))


def test_a_marker_written_the_long_way_is_a_marker():
    content = encode_entry(np.arange(3)).replace(b"\xc4\x02nd", b"\xc5\x00\x02nd")
    assert decode_entry(content).tolist() == [0, 1, 2]
