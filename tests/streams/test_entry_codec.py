"""Entries: what goes in comes back equal or is refused; what comes from a file is never trusted."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import pickle
import subprocess
import sys
import tracemalloc
import uuid
from collections import OrderedDict, namedtuple

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import DamagedFile, InvalidArgument, WrongType
from longtake.streams import storable
from longtake.streams.entry_codec import decode_entries, decode_entry, encode_entry

INTEGERS = st.integers(-(2**63), 2**64 - 1)
SCALARS = (
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False) | st.text() | st.binary()
)
KEYS = SCALARS.filter(lambda key: key not in (b"nd", b"complex"))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30
)
Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Ball:
    x: int = 0


class Text(str):
    pass


def same(a: object, b: object) -> bool:
    """Equal in value and in type, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=True)
        return len(a) == len(b) and all(same(x, y) for x, y in pairs)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@given(VALUES)
def test_plain_values_come_back_equal_and_as_msgpack_has_them(value):
    content = encode_entry(value)
    assert content == msgpack.packb(value)
    assert same(decode_entry(content), value)
    assert same(decode_entry(memoryview(content)), value)
    assert same(msgpack.unpackb(content, strict_map_key=False), value)


@given(st.lists(VALUES))
def test_many_entries_are_read_as_one_by_one(values):
    contents = [encode_entry(value) for value in values]
    ends = np.cumsum([len(content) for content in contents], dtype=int).tolist()
    starts = [0, *ends[:-1]] if ends else []
    assert same(decode_entries(memoryview(b"".join(contents)), starts, ends), values)


def test_many_entries_with_an_array_among_them():
    contents = [encode_entry(value) for value in (1, np.arange(3), "a")]
    first, second = len(contents[0]), len(contents[0] + contents[1])
    whole = b"".join(contents)
    one, array, text = decode_entries(whole, [0, first, second], [first, second, len(whole)])
    assert (one, array.tolist(), text) == (1, [0, 1, 2], "a")
    with pytest.raises(DamagedFile):
        decode_entries(whole, [0, first], [first, second - 1])
    with pytest.raises(DamagedFile):
        decode_entries(b"\x01\xc1", [0, 1], [1, 2])


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ({"arbitrary": "data"}, "81 a9 61 72 62 69 74 72 61 72 79 a4 64 61 74 61"),
        (
            ["of", "arbitrary", "size"],
            "93 a2 6f 66 a9 61 72 62 69 74 72 61 72 79 a4 73 69 7a 65",
        ),
        ("and type.", "a9 61 6e 64 20 74 79 70 65 2e"),
        (None, "c0"),
        (True, "c3"),
        (-1, "ff"),
        (2**64 - 1, "cf" + "ff" * 8),
        (1.5, "cb 3f f8 00 00 00 00 00 00"),
        ("é", "a2 c3 a9"),
        (b"\x00\xff", "c4 02 00 ff"),
        ((1, (2, 3)), "92 01 92 02 03"),
    ],
)
def test_bytes_of_the_format(value, content):
    assert encode_entry(value) == bytes.fromhex(content)


def test_what_changes_is_what_is_documented():
    given_ = {"t": (1, (2,)), "a": bytearray(b"x"), "m": memoryview(b"yz")}
    assert same(decode_entry(encode_entry(given_)), {"t": [1, [2]], "a": b"x", "m": b"yz"})
    numbers = [np.float64(1.5), np.str_("é\0"), np.bytes_(b"a\0")]
    assert same(decode_entry(encode_entry(numbers)), [1.5, "é\0", b"a\0"])


def test_nan_and_keys_of_all_kinds():
    assert math.isnan(decode_entry(encode_entry(math.nan)))
    value = {1: "a", None: 1, 1.5: 2, b"k": 3, "k": 4, False: 5}
    assert same(decode_entry(encode_entry(value)), value)


REFUSED = [
    ({1, 2}, "a set cannot be stored; use a list"),
    (frozenset(), "a frozenset cannot be stored; use a list"),
    (1j, "numpy.complex128"),
    (datetime.datetime(2020, 1, 1), "isoformat"),
    (datetime.date(2020, 1, 1), "isoformat"),
    (datetime.timedelta(1), "total_seconds"),
    (decimal.Decimal(1), "Decimal cannot be stored; use str"),
    (uuid.UUID(int=1), "use str"),
    (Colour.RED, "use its .value"),
    (pathlib.PurePosixPath("a"), "use str"),
    (Ball(), "dataclasses.asdict"),
    (object(), "object cannot be stored"),
    (range(3), "use list"),
    ((x for x in ()), "use list"),
    (lambda: 0, "function cannot be stored"),
    (Text("a"), "Text cannot be stored; use str"),
    (OrderedDict(), "use dict"),
    (Point(1, 2), "use tuple"),
    (np.array([None]), "dtype object"),
    (np.zeros(2, [("a", "O")]), "without objects|numeric or text"),
    (np.ma.masked_array([1], [True]), "filled"),
    (np.zeros((2, 2)).view(np.recarray), "numpy.asarray"),
    (np.zeros(2, np.dtype([("a", "i1"), ("b", "i4")], align=True)), "repack_fields"),
    (np.zeros(2, "V5"), "another dtype"),
    (np.zeros(2, [("a", "i4")])[0], "numpy.asarray"),
    (np.zeros(2, np.dtypes.StringDType()), "numeric or text|another dtype"),
    (memoryview(np.arange(3.0)), "numpy.asarray"),
    (memoryview(b"abcd")[::2], "bytes"),
]


@pytest.mark.parametrize(("value", "hint"), REFUSED, ids=lambda item: type(item).__name__)
def test_what_cannot_come_back_is_refused_with_its_place(value, hint):
    with pytest.raises(WrongType, match=rf"^data: .*({hint})"):
        encode_entry(value)
    with pytest.raises(WrongType, match=rf"^values\[3\]\['ball'\]\[2\]: .*({hint})"):
        encode_entry({"ok": [1] * 20, "ball": (1, [2], value)}, "values[3]")


@pytest.mark.parametrize(
    "key", [(1,), np.int64(1), np.str_("a"), Text("a"), math.nan, b"nd", b"complex", Colour.RED]
)
def test_keys_that_could_not_be_found_again_are_refused(key):
    with pytest.raises(WrongType, match=r"^a key of data\['a'\]\[0\]: "):
        encode_entry({"a": [{"b": 1, key: 2}]})


@pytest.mark.parametrize("part", [2**64, -(2**63) - 1, "\ud800", np.str_("\udfff")])
def test_what_is_out_of_range_is_refused_with_its_place(part):
    with pytest.raises(InvalidArgument, match=r"^data\['a'\]\[1\]: "):
        encode_entry({"a": [1, part]})
    if type(part) in (int, str):
        with pytest.raises(InvalidArgument, match=r"^a key of data: "):
            encode_entry({part: 1})


def nested(depth: int) -> list:
    value: list = [1.0] * 20
    for _ in range(depth - 1):
        value = [value]
    return value


def test_nesting_is_bounded():
    assert decode_entry(encode_entry(nested(256))) == nested(256)
    with pytest.raises(InvalidArgument, match="256 deep"):
        encode_entry(nested(257))


@pytest.mark.parametrize("times", [1, 2, 20])
def test_values_in_themselves_are_refused(times):
    value: list = [1]
    value.extend([value] * times)
    with pytest.raises(InvalidArgument, match="contains itself"):
        encode_entry({"a": value})


def test_size_is_bounded(monkeypatch):
    monkeypatch.setattr(storable, "MOST_BYTES", 1000)
    assert encode_entry(bytes(900))
    for large in (bytes(1001), "a" * 1001, [b"a" * 100] * 11, [1] * 1001, np.zeros(1001)):
        with pytest.raises(InvalidArgument, match="1000 bytes"):
            encode_entry(large)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_damaged(content):
    with contextlib.suppress(DamagedFile):
        decode_entry(content)


SEED = {
    "x": 1.5,
    "image": np.arange(6, dtype="<u2").reshape(2, 3),
    "rows": np.zeros(2, [("a", "<i4", (2,)), ("t", "<U2"), ("n", [("b", "?")])]),
    "one": np.float32(1.1),
    "text": np.array(["ab", "c"]),
    "when": np.array(["2020-01-01"], "M8[ns]"),
    "keys": {1: None, None: [b"nd"]},
}


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_altered_entries_are_read_or_damaged(changes):
    content = bytearray(encode_entry(SEED))
    for place, byte in changes:
        content[place % len(content)] = byte
    try:
        value = decode_entry(bytes(content))
    except DamagedFile:
        return
    repr(value)  # whatever was read can be looked at


def test_cut_entries_are_damaged():
    content = encode_entry(SEED)
    for end in range(len(content)):
        with pytest.raises(DamagedFile):
            decode_entry(content[:end])
    with pytest.raises(DamagedFile):
        decode_entry(content + b"\x00")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        b"\xa1\xff",
        b"\x91" * 1_000_000,
        b"\x81\xa1a" * 300_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdd\x7f\xff\xff\xff" * 500,
        b"\xc6\xff\xff\xff\xff",
        b"\x81\x81\x01\x02\x03",
        b"\xd4\x05a",
        b"\xc7\x0c\xff" + b"\xff" * 12,
    ],
    ids=lambda content: content[:5].hex(),
)
def test_hostile_bytes_are_damaged_and_cost_little(content):
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFile):
            decode_entry(content)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_deep_bytes_do_not_overflow_the_stack_where_python_lets_them():
    code = """if True:
        import sys
        from longtake.errors import DamagedFile
        from longtake.streams.entry_codec import decode_entry, decode_entries
        sys.setrecursionlimit(10**7)
        for deep in (b"\\x91" * 10**6, b"\\x81\\xa1a" * 10**5, b"\\xdc\\0\\1" * 10**5):
            for read in (decode_entry, lambda deep: decode_entries(deep, [0], [len(deep)])):
                try:
                    read(deep)
                except DamagedFile:
                    print("damaged")
        flat = [[1.5, "a" * 40, b"b" * 300, -200, 2**40, True]] * 3000
        from longtake.streams.entry_codec import encode_entry
        assert decode_entry(encode_entry(flat)) == flat
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.split()) == (0, ["damaged"] * 6), run.stderr


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@pytest.mark.parametrize("nd", [True, False])
@pytest.mark.parametrize("kind", [b"O", b"V", b""])
@pytest.mark.parametrize("type_", ["O", "|O", "|O8", [["a", "|O"]], [["a", [["b", "O"]]]]])
def test_nothing_is_unpickled(tmp_path, nd, kind, type_):
    marker = tmp_path / "ran"
    data = pickle.dumps(Payload(marker))
    form = {b"nd": nd, b"type": type_, b"kind": kind, b"shape": [len(data) // 8], b"data": data}
    for hostile in (form, [form], {"a": {1: [form]}}):
        with pytest.raises(DamagedFile):
            decode_entry(msgpack.packb(hostile))
    assert not marker.exists()
    pickle.loads(data)
    assert marker.exists()


def test_foreign_time_stamps_and_list_keys():
    stamp = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    assert decode_entry(msgpack.packb(stamp, datetime=True)) == stamp
    assert decode_entry(msgpack.packb({(1, 2): 3})) == {(1, 2): 3}
