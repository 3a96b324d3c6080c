"""Attributes: what is written is read again, by us, by PyTables and by h5py; nothing is run."""

from __future__ import annotations

import os
import pickle
import warnings

import h5py
import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from longtake.errors import DamagedFile, InvalidArgument, NotFound, WrongType
from longtake.hdf.attributes import read_attribute, write_attribute
from longtake.hdf.pickle_instructions import MalformedPickle
from longtake.hdf.plain import encode_plain
from longtake.hdf.plain_decode import decode_plain

text = st.text(max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | text
    | st.binary(max_size=20)
)
plain_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(scalars | st.tuples(scalars, scalars), inner, max_size=4)
    ),
    max_leaves=20,
)
arrays = hnp.arrays(
    dtype=(
        hnp.integer_dtypes(endianness="?")
        | hnp.unsigned_integer_dtypes(endianness="?")
        | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
        | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128))
        | hnp.boolean_dtypes()
        | hnp.unicode_string_dtypes(endianness="?", min_len=1, max_len=5)
        | hnp.byte_string_dtypes(endianness="?", min_len=1, max_len=5)
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected
        assert repr(found) == repr(expected)  # tells -0.0, True and 1, and the types inside


@given(plain_values)
def test_plain_round_trip(value):
    assert_same(decode_plain(encode_plain(value)), value)


@given(plain_values)
def test_python_reads_ours(value):
    assert_same(pickle.loads(encode_plain(value)), value)


@given(plain_values, st.integers(0, 4))
def test_ours_reads_pythons(value, protocol):
    assert_same(decode_plain(pickle.dumps(value, protocol)), value)


@given(arrays, st.integers(0, 4))
def test_arrays_both_ways(array, protocol):
    assert_same(decode_plain(pickle.dumps([array], protocol))[0], array)
    # numpy's own reader turns what it unpickles into the machine's byte order.
    assert_same(pickle.loads(encode_plain([array]))[0], array.astype(array.dtype.newbyteorder("=")))
    assert_same(decode_plain(encode_plain((array,)))[0], array)


@given(arrays.filter(lambda a: a.size), st.integers(0, 4))
def test_numpy_scalars_both_ways(array, protocol):
    scalar = array.ravel()[0]
    for found in (
        decode_plain(pickle.dumps(scalar, protocol)),
        decode_plain(encode_plain([scalar]))[0],
        pickle.loads(encode_plain([scalar]))[0],
    ):
        assert found.dtype.kind == scalar.dtype.kind
        assert found.tobytes() == scalar.tobytes() or found == scalar or found != found


def test_shared_and_fortran_arrays():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    found = decode_plain(pickle.dumps([array, array, array.dtype.str], 2))
    np.testing.assert_array_equal(found[0], array)
    assert found[0] is found[1]


def test_pickles_of_python_2():
    # What cPickle.dumps wrote there at protocol 0: byte strings, and dtypes of the old path.
    assert decode_plain(b"(lp1\nS'y'\np2\naS'caf\\xe9'\np3\na.") == ["y", "café"]
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntp3\nS'b'\np4\ntp5\n"
        b"Rp6\n(I1\n(I2\ntp7\ncnumpy\ndtype\np8\n(S'i2'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\np12\n"
        b"NNNI-1\nI-1\nI0\ntp13\nbI00\nS'\\x01\\x00\\xe9\\x00'\np14\ntp15\nb."
    )
    np.testing.assert_array_equal(decode_plain(array), np.array([1, 233], "i2"))


class _Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


HOSTILE = {
    "os.system": _Attack(os.system, "false"),
    "eval": _Attack(eval, "1"),
    "getattr": _Attack(getattr, "a", "upper"),
    "object array": np.array([1, "a"], dtype=object),
    "dates": np.datetime64("2020-01-01"),
    "structured": np.zeros(1, dtype=[("a", "i4")]),
    "an instance": InvalidArgument("x"),
    "a class": dict,
    "a set": {1},
    "decode": _Attack(__import__("codecs").decode, b"41", "hex"),
    "encode": _Attack(__import__("_codecs").encode, "a", "rot13"),
}


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused(name, protocol):
    with pytest.raises(DamagedFile, match="not read"):
        decode_plain(pickle.dumps([HOSTILE[name]], protocol))


@pytest.mark.parametrize(
    "data",
    [
        b"(ios\nsystem\n.",
        b"(cos\nsystem\nVls\no.",
        b"cnumpy\ndtype\n.",
        b"cnumpy.core.multiarray\n_reconstruct\n.",
        b"(lp0\n" + b"g0\na.",  # a list that holds itself
        b"(l" * 200 + b"a" * 199 + b".",
        b"}" + b"(I1\n" * 50 + b"t" * 50 + b"I1\ns.",  # a key of nested tuples
        b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(90)) + b".",
        b"L" + b"9" * 4000 + b"L\n.",
        b"cbuiltins\nbytearray\n(K\x08tR.",
    ],
)
def test_what_grows_or_loops_is_refused(data):
    with pytest.raises(DamagedFile):
        decode_plain(data)


@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                b"(",
                b"l",
                b"d",
                b"t",
                b"I1\n",
                b"Va\n",
                b"p0\n",
                b"g0\n",
                b"a",
                b"s",
                b"e",
                b"u",
                b"R",
                b"b",
                b"0",
                b"1",
                b"2",
                b"N",
                b"}",
                b"]",
                b")",
                b"cnumpy\ndtype\n",
                b"c_codecs\nencode\n",
                b"cnumpy.core.multiarray\n_reconstruct\n",
                b"cnumpy.core.multiarray\nscalar\n",
            ]
        ),
        max_size=15,
    ).map(lambda parts: b"".join(parts) + b".")
)
def test_any_bytes_give_plain_data_or_damaged_file(data):
    try:
        value = decode_plain(data)
    except DamagedFile:
        return
    encode_plain(value)


def test_values_that_are_not_plain():
    loop: list = []
    loop.append(loop)
    with pytest.raises(InvalidArgument, match="contain themselves"):
        encode_plain(loop)
    for value in (object(), {1, 2}, np.array([None]), {"a": slice(3)}, {((1,),): 2}):
        with pytest.raises(WrongType):
            encode_plain(value)
    with pytest.raises(InvalidArgument, match="bits"):
        encode_plain(2**10_000)


class Metres(np.ndarray):
    """As packages of units have them."""


MORE_THAN_NUMBERS = {
    "mask": np.ma.array([1, 2], mask=[0, 1]),
    "masked text": np.ma.array(["a", "b"], mask=[0, 1]),
    "masked": np.ma.masked,
    "no mask": np.ma.array([1.5]),
    "matrix": np.eye(2).view(np.matrix),
    "unit": np.arange(3).view(Metres),
}


@pytest.mark.parametrize("name", MORE_THAN_NUMBERS)
def test_arrays_that_say_more_than_their_numbers(file, name):
    """What they say besides would be lost: a masked value came back as 999999."""
    value = MORE_THAN_NUMBERS[name]
    advice = "filled" if isinstance(value, np.ma.MaskedArray) else r"np.array\(...\) of it"
    for holding in (value, [value], {"a": (value,)}):
        with pytest.raises(WrongType, match=advice):
            encode_plain(holding)
        with pytest.raises(WrongType, match=advice):
            write_attribute(file, "a", holding)
    assert "a" not in file.attrs


@pytest.mark.parametrize(
    "value", [np.str_("a\0"), np.str_("\0"), np.bytes_(b"a\0\0"), np.str_("ü\0"), np.str_("a")]
)
def test_numpy_text_keeps_its_end(file, value):
    write_attribute(file, "alone", value)
    write_attribute(file, "inside", {"a": [value]})
    assert read_attribute(file, "alone") == value[:]
    assert len(read_attribute(file, "alone")) == len(value[:])
    assert read_attribute(file, "inside")["a"][0][:] == value[:]
    assert pickle.loads(encode_plain([value]))[0][:] == value[:]


@pytest.fixture
def file():
    with h5py.File("memory", "w", "core", ("v110", "v110"), backing_store=False) as file:
        yield file


VALUES = {
    "text": "Zoë",
    "empty text": "",
    "text with NUL": "a\0b",
    "long text": "x" * 100_000,
    "bytes": b"\x00\xffabc",
    "no bytes": b"",
    "bytes that end in zeros": b"ab\0\0",
    "bytes like a pickle": b"N.",
    "bytes like a hostile pickle": b"cos\nsystem\n(Vls\ntR.",
    "bytes that end in a full stop": b"Done.",
    "none": None,
    "list": [1, "a", None],
    "nested": {"a": {1: (2, 3.5)}, "b": [b"x", True, 1j]},
    "large integer": 2**70,
    "array of text": np.array(["a", "bb"]),
}


@pytest.mark.parametrize("name", VALUES)
def test_attribute_round_trip(file, name):
    write_attribute(file, name, "something else before")
    write_attribute(file, name, VALUES[name])
    assert_same(read_attribute(file, name), VALUES[name])


@pytest.mark.parametrize("value", [3, 2**63, -1.5, True, 1j, np.float32(2), np.uint8(7)])
def test_numbers_are_native(file, value):
    write_attribute(file, "n", value)
    found = read_attribute(file, "n")
    assert found == value
    assert found.dtype == np.asarray(value).dtype
    assert not isinstance(h5py.h5a.open(file.id, b"n").get_type(), h5py.h5t.TypeStringID)


@given(arrays.filter(lambda a: a.dtype.kind not in "US"))
def test_arrays_are_native(array):
    with h5py.File.in_memory() as file:
        write_attribute(file.create_dataset("d", data=1).id, "a", array)
        found = read_attribute(file["d"], "a")
        np.testing.assert_array_equal(found, array)
        assert not array.shape or found.dtype == array.dtype


def test_attributes_of_h5py(file):
    file.attrs["text"] = "Zoë"
    file.attrs["texts"] = ["a", "Zoë"]
    file.attrs["flag"] = True
    file.attrs["numbers"] = [1, 2]
    file.attrs["nothing"] = h5py.Empty("f8")
    assert read_attribute(file, "text") == "Zoë"
    assert read_attribute(file, "texts").tolist() == ["a", "Zoë"]
    assert read_attribute(file, "flag") == np.True_
    assert read_attribute(file, "numbers").tolist() == [1, 2]
    assert read_attribute(file, "nothing") == h5py.Empty("f8")


def test_missing_and_refused(file):
    with pytest.raises(NotFound, match="'gone'"):
        read_attribute(file, "gone")
    file.attrs["bad"] = np.bytes_(pickle.dumps(HOSTILE["os.system"], 0))
    with pytest.raises(DamagedFile, match=r"'bad'.*system"):
        read_attribute(file, "bad")
    with pytest.raises(InvalidArgument):
        write_attribute(file, "", 1)
    write_attribute(file, "kept", 1)
    with pytest.raises(WrongType):
        write_attribute(file, "kept", object())
    assert read_attribute(file, "kept") == 1


def test_pytables_reads_ours(tmp_path):
    path = tmp_path / "ours.h5"
    numbers = {"int": 3, "float": 2.5, "flag": True, "array": np.arange(4), "flags": np.eye(2) > 0}
    values = {key: VALUES[key] for key in VALUES if key not in {"long text"}} | numbers
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        for name, value in values.items():
            write_attribute(file, name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with tables.open_file(path) as file:
            for name, value in values.items():
                found = file.root._v_attrs[name]
                np.testing.assert_array_equal(found, value, err_msg=name)
            assert file.root._v_attrs["flags"].dtype == bool


def test_we_read_pytables(tmp_path):
    path = tmp_path / "theirs.h5"
    numbers = {"int": 3, "float": 2.5, "flag": True, "array": np.arange(4), "flags": np.eye(2) > 0}
    skipped = {
        "bytes that end in zeros",
        "bytes like a pickle",
        "bytes like a hostile pickle",
        "long text",
        "text with NUL",
        "large integer",
        "bytes",
    }
    values = {key: VALUES[key] for key in VALUES if key not in skipped} | numbers
    values["bytes"] = b"abc"
    values["arrays inside"] = [np.arange(3), np.float64(2), {"a": np.array([b"x"])}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with tables.open_file(path, "w") as file:
            for name, value in values.items():
                file.root._v_attrs[name] = value
    with h5py.File(path) as file:
        for name, value in values.items():
            found = read_attribute(file, name)
            if name == "arrays inside":
                np.testing.assert_array_equal(found[0], np.arange(3))
                assert found[1] == 2.0
                assert found[2]["a"].tolist() == [b"x"]
            else:
                np.testing.assert_array_equal(found, value, err_msg=name)


def test_a_malformed_pickle_says_so():
    with pytest.raises(MalformedPickle):
        decode_plain(b"Done.")
    with pytest.raises(DamagedFile, match="longer than"):
        decode_plain(b"N" * 5_000_000)
