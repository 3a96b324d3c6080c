"""Conditions: what they find, what PyTables finds, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, LongtakeError, WrongType
from longtake.tree.missing import ColumnNotFound
from longtake.tree.tables.condition import Condition

ROW = np.dtype(
    [
        ("x", "u1"),
        ("y", "f4"),
        ("name", "S6"),
        ("u", "u8"),
        ("i", "i8"),
        ("flag", "?"),
        ("inner", [("p", "i2"), ("q", "f8")]),
        ("three", "f4", (3,)),
    ]
)
ROWS = np.zeros(5, ROW)
ROWS["x"] = [1, 5, 9, 200, 0]
ROWS["y"] = [0.1, 0.5, np.nan, np.inf, -1]
ROWS["name"] = [b"a", b"b", "é".encode(), b"abc", b""]
ROWS["u"] = [0, 2**63, 2**64 - 1, 5, 7]
ROWS["i"] = [-1, 0, 1, 2**53 + 1, -(2**63)]
ROWS["flag"] = [False, True, False, True, True]
ROWS["inner"]["p"] = range(5)


def found(text: str, **variables: object) -> list[int]:
    return np.flatnonzero(Condition(text, ROW, variables).mask(ROWS)).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x > 3", [1, 2, 3]),
        ("(x > 3) & (x < 100)", [1, 2]),
        ("x > 3 and x < 100", [1, 2]),
        ("2 < x < 9 or name in ['a', b'abc']", [0, 1, 3]),
        ("not flag and x > 0", [0, 2]),
        ("~flag & (x > 0)", [0, 2]),
        ("flag ^ (x == 1)", [0, 1, 3, 4]),
        ("flag", [1, 3, 4]),
        ("flag == True", [1, 3, 4]),
        ("True", [0, 1, 2, 3, 4]),
        ("x in (1, 5.0)", [0, 1]),
        ("x in []", []),
        ("x not in [1]", [1, 2, 3, 4]),
        ("name == 'é'", [2]),
        ("name < b'b'", [0, 3, 4]),
        ("contains(name, 'b')", [1, 3]),
        ("startswith(name, 'a') and not endswith(name, 'c')", [0]),
        ("inner.p >= 3", [3, 4]),
        ("1 / x > 0.15", [0, 1, 4]),
        ("x // 2 == 4", [2]),
        ("-7 % x == 2", [2]),
        ("x ** -1 == 1", [0]),
        ("x << 8 == 256", [0]),
        ("where(flag, x, 0) > 3", [1, 3]),
        ("sqrt(x) > 2", [1, 2, 3]),
        ("isnan(y)", [2]),
        ("y != y", [2]),
    ],
)
def test_what_they_find(text, rows):
    assert found(text) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("y == 0.1", []),  # it is 0.100000001…
        ("u > -1", [0, 1, 2, 3, 4]),
        ("u == 18446744073709551615", [2]),
        ("i > 9007199254740992", [3]),
        ("i == 9007199254740993", [3]),
        ("u < i", [3]),
        ("x * 1000 > 100000", [3]),
        ("x - 2 < 0", [0, 4]),
    ],
)
def test_numbers_are_what_they_are(text, rows):
    """Whatever their widths."""
    assert found(text) == rows


EXTREMES = [-(2**63), -(2**53) - 1, -1, 0, 1, 2**53 + 1, 2**63 - 1]
NUMBERS_OF_ANY_SIZE = np.zeros(7, [("i", "i8"), ("u", "u8"), ("b", "i1"), ("f", "f8"), ("h", "f4")])
NUMBERS_OF_ANY_SIZE["i"] = EXTREMES
NUMBERS_OF_ANY_SIZE["u"] = [abs(n) + n % 2 for n in EXTREMES]
NUMBERS_OF_ANY_SIZE["b"] = [-128, -1, 0, 1, 2, 5, 127]
NUMBERS_OF_ANY_SIZE["f"] = [-np.inf, -(2.0**63), 0.5, 2.0**53, 2.0**63, 2.0**64, np.nan]
NUMBERS_OF_ANY_SIZE["h"] = [-np.inf, -(2.0**63), 0.1, 2.0**53, 2.0**63, 2.0**64, np.nan]
CONSTANTS = st.sampled_from(
    ["2**63", "-2**63", "2**64", "2**64 - 1", "2**53 + 1", "9007199254740993.5", "10**300",
     "0.1", "1e300", "-1", "0", "1.5", "127.5", "128", "-128.0", "1 << 63", "~0", "10**30 // 7"]
)  # fmt: skip
COLUMNS = st.sampled_from(
    ["i", "u", "b", "f", "h", "i + 1", "u - 1", "-i", "~u", "i * 2", "u % 2", "u // 3", "b * b",
     "i & 1", "u | 1", "i << 2", "b ** 3", "u + b", "f + 1"]
)  # fmt: skip


@given(COLUMNS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), CONSTANTS, st.booleans())
def test_as_exactly_as_python(column, how, constant, turned):
    """Or refused, where 64 bits do not suffice."""
    text = f"({constant}) {how} ({column})" if turned else f"({column}) {how} ({constant})"
    for row in NUMBERS_OF_ANY_SIZE:
        names = dict(zip(row.dtype.names, row.tolist(), strict=True))
        try:
            mask = Condition(text, row.dtype).mask(row.reshape(1))
        except InvalidArgument as error:
            assert "64 bits" in str(error)  # noqa: PT017
            assert column != "i"
            # Signed and unsigned numbers that no one type of 64 bits holds are refused as well.
            assert column == "u + b" or not -(2**63) <= eval(column, names) < 2**63
        else:
            assert mask.tolist() == [eval(text, names)]


def test_truth_values_and_complex_numbers_beside_long_integers():
    assert found("flag == 2**70") == []
    assert found("True == 2**70") == []
    assert found("x * 1j == 2**70") == []
    assert found("x in [2**70, 5]") == [1]
    assert found("y * 2**64 > 2**60") == [0, 1, 3]
    assert found("x > n", n=2**64) == []
    assert found("x < n", n=np.uint64(2**64 - 1)) == [0, 1, 2, 3, 4]
    for text in ("i * 2**62 > 0", "x ** 40 > 0", "x % 2**64 == 1", "sqrt(2**64) > x"):
        with pytest.raises(InvalidArgument, match="64 bits"):
            found(text)


def test_variables():
    assert found("x > low and name != word", low=3, word="b") == [2, 3]
    assert found("x in some", some=[1, 9]) == [0, 2]
    assert found("x in some", some=np.array([1, 9], "i8")) == [0, 2]
    assert found("x > low", low=np.float32(4.5)) == [1, 2, 3]
    assert found("x == y0", y0=np.array(5)) == [1]


def test_the_columns_that_it_depends_on():
    condition = Condition("x > 3 and (inner.p < 2 or x == limit)", ROW, {"limit": 1})
    assert condition.columns == ["x", "inner"]
    some = ROWS[["x", "inner"]]
    assert condition.mask(some).tolist() == condition.mask(ROWS).tolist()


@pytest.mark.parametrize(
    "text", ["z > 3", "inner.z > 3", "x.__class__", "__builtins__", "np.pi > x"]
)
def test_a_name_that_is_not_there(text):
    with pytest.raises(ColumnNotFound, match=r"there is no .*(columns are|is one column)"):
        Condition(text, ROW)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "x.mean() > 3",
        "(lambda: 1)() == 1",
        "[y for y in x]",
        "f'{x}' == name",
        "(x := 3) > 2",
        "x if flag else y",
        "x[0] > 3",
        "{'x': 1} == 3",
        "await x",
        "x @ y > 3",
        "x is 3",
        "abs(x, 1) > 3",
        "abs(x=1) > 3",
        "abs(*x) > 3",
        "x > None",
        "x > ...",
        "x +",
        "",
        "import os",
        "9**9**9**9 > x",
        "1 << 10**9 > x",
        "(" * 500 + "x",
        "-" * 5000 + "x > 3",
        "x > 3" + " | (x > 3)" * 300,
        "x > " + "1" * 20_000,
        "x\0 > 3",
    ],
)
def test_what_they_refuse(text):
    """Whatever is no calculation with columns; and nothing of it is run."""
    with pytest.raises((InvalidArgument, WrongType)):
        Condition(text, ROW)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x + 1",
        "'a'",
        "name > 3",
        "x > 'a'",
        "x and flag",
        "x & flag",
        "not x",
        "~name == name",
        "name + name == 'aa'",
        "'a' * 1000000000 == name",
        "flag + 1 > 2",
        "sqrt(name) > 2",
        "contains(x, 'a')",
        "three > 3",
        "inner > 3",
        "[x] == 3",
        "x in y",
        "x in 3",
        "x in ['a']",
        "where(x, 1, 2) > 1",
        "where(flag, name, name) == name",
    ],
)
def test_what_does_not_fit_together(text):
    with pytest.raises(WrongType):
        Condition(text, ROW)


@pytest.mark.parametrize(
    "text",
    ["x > 0 & x < 5", "y > 0 & y < 5", "y > 0 | (y < 5)", "x & flag", "y & 1 == 1", "flag | x > 3"],
)
def test_brackets_that_are_missing(text):
    with pytest.raises((InvalidArgument, WrongType), match=r"brackets.*\(x > 0\) & \(x < 5\)"):
        Condition(text, ROW)


def test_brackets_that_need_not_be():
    assert found("x & 1 == 1") == [0, 1, 2]
    assert found("0 < ( x & 7 ) < 5") == [0, 2]
    assert found("flag & (x > 3) == flag") == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "where"),
    [("x >", "at its end"), ("x > 3 x", "at 'x"), ("x > é )", r"at '\)'"), ("(x > 1", "at '\\(x")],
)
def test_where_it_cannot_be_understood(text, where):
    with pytest.raises(InvalidArgument, match=where) as caught:
        Condition(text, ROW)
    assert "<unknown>" not in str(caught.value)


@pytest.mark.parametrize("value", [None, object(), {"a": 1}, lambda: 1, [[1]], [None]])
def test_variables_that_are_no_values(value):
    with pytest.raises(WrongType):
        Condition("x in v" if isinstance(value, list) else "x > v", ROW, {"v": value})


def test_no_calculation_warns_or_takes_forever():
    assert found("x / 0 > 3") == [0, 1, 2, 3]
    assert found("1 // (x - x) == 1") == []


NUMBERS = st.sampled_from(["x", "y", "i", "n", "0", "3", "2.5", "-1"])
CALCULATED = st.recursive(
    NUMBERS,
    lambda part: st.builds("({} {} {})".format, part, st.sampled_from("+-*"), part),
    max_leaves=4,
)
# PyTables wants a column in each comparison: without, Python's own result is in its way.
COMPARED = st.builds(
    "(({} + {}) {} {})".format,
    st.sampled_from(["x", "y", "i", "n"]),
    CALCULATED,
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    CALCULATED,
) | st.sampled_from(["flag", "(name == b'a')", "(name < b'bb')", "(b'a' <= name)"])
CONDITIONS = st.recursive(
    COMPARED,
    lambda part: (
        st.builds("({} {} {})".format, part, st.sampled_from("&|"), part)
        | st.builds("(~{})".format, part)
    ),
    max_leaves=6,
)
PLAIN = np.dtype(
    [("x", "i4"), ("y", "f4"), ("i", "i8"), ("n", "f8"), ("flag", "?"), ("name", "S4")]
)
PLAIN_ROWS = st.lists(
    st.tuples(
        st.integers(-9, 9),
        st.sampled_from([0.1, -2.5, 3.0, 0.0]),
        st.integers(-9, 9),
        st.sampled_from([0.1, -2.5, 3.0, 1e300]),
        st.booleans(),
        st.sampled_from([b"", b"a", b"b", b"abc"]),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def peer():
    with tables.open_file("peer.h5", "w", driver="H5FD_CORE", driver_core_backing_store=0) as file:
        yield file


@given(rows=PLAIN_ROWS, text=CONDITIONS)
def test_pytables_finds_the_same(peer, rows, text):
    if "/t" in peer:
        peer.remove_node("/t")
    table = peer.create_table("/", "t", np.array(rows, PLAIN))
    expected = table.get_where_list(text).tolist()
    assert np.flatnonzero(Condition(text, PLAIN).mask(table[:])).tolist() == expected


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_refused(text):
    try:
        mask = Condition(text, ROW).mask(ROWS)
    except LongtakeError:
        return
    assert mask.dtype == bool
    assert len(mask) == len(ROWS)
