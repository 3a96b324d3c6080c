"""Values for columns: kept as they are, or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import longtake.tree as tt
from longtake.errors import InvalidArgument, LongtakeError, WrongType
from longtake.tree.fitting import fitting

WHOLE = st.sampled_from([-(2**63) - 1, -(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1]) | (
    st.integers(2**64 - 2, 2**64 + 1) | st.integers(-300, 300)
)  # fmt: skip
KINDS = st.sampled_from(["i1", "u1", "i4", "u4", "i8", "u8", ">i8", ">u8"])


@given(st.lists(WHOLE | st.sampled_from([2.0, 0.5, 2.0**63, 2.0**64, -0.0]), max_size=4), KINDS)
def test_whole_numbers_are_exact_or_refused(values, kind):
    limits = np.iinfo(kind)
    fits = all(limits.min <= value <= limits.max and value == int(value) for value in values)
    for given_as in (values, tuple(values), [values]):
        if fits:
            made = fitting(given_as, np.dtype(kind), "x")
            assert made.reshape(-1).tolist() == values
            assert made.dtype == kind
        else:
            with pytest.raises(InvalidArgument, match="cannot be kept"):
                fitting(given_as, np.dtype(kind), "x")


@pytest.mark.parametrize("kind", ["i8", "u8"])
@pytest.mark.parametrize("number", [2.0**63, 2.0**64, -(2.0**64), np.inf, np.nan])
def test_floats_beyond_whole_numbers(kind, number):
    if kind == "u8" and number == 2.0**63:
        assert fitting(np.array([number]), np.dtype(kind), "x").tolist() == [2**63]
    else:
        for value in (number, [number], np.array([number])):
            with pytest.raises(InvalidArgument):
                fitting(value, np.dtype(kind), "x")


def test_long_numbers_in_columns_of_floats():
    assert fitting([2**70, 1], np.dtype("f8"), "x").tolist() == [2.0**70, 1]
    assert fitting(2**70, np.dtype("f4"), "x") == 2.0**70
    for value in ([object()], [2**70, None], [2**5000]):
        with pytest.raises(LongtakeError):
            fitting(value, np.dtype("f8"), "x")


def test_wherever_lists_come_in(tmp_path):
    some, more = [1, 2**63 + 1], [2**64 - 1, 0]
    with tt.open_file(tmp_path / "a.h5", "w") as file:
        table = file.create_table("/", "t", {"u": "u8"})
        table.append([(value,) for value in some])
        table.append({"u": more})
        assert table.col("u").tolist() == [*some, *more]
        table.modify_rows(0, rows=[(value,) for value in more])
        table.cols.u[2:] = some
        assert table.col("u").tolist() == [*more, *some]
        table.modify_column(0, 2, column=some, colname="u")
        table.row["u"] = 2**64 - 1
        table.row.append()
        table.flush()
        assert table.col("u").tolist() == [*some, *some, 2**64 - 1]
        for atom in (None, "u8"):
            file.create_carray("/", f"c{atom}", atom, obj=some)
            file.create_earray("/", f"e{atom}", atom, obj=more).append(some)
            assert file.root[f"c{atom}"][:].tolist() == some
            assert file.root[f"e{atom}"][:].tolist() == [*more, *some]
        file.create_array("/", "a", more)
        file.root.a[:] = some
        assert file.root.a[:].tolist() == some
        for values in ([-1, 2**63], [2**64]):
            with pytest.raises(LongtakeError):
                file.create_array("/", "x", values)
        assert "x" not in file.root


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, 3])
def test_text_that_is_missing(tmp_path, missing):
    frame = pd.DataFrame({"n": [1, 2], "a": ["x", missing]})
    with tt.open_file(tmp_path / "a.h5", "w") as file:
        table = file.create_table("/", "t", {"n": "i4", "a": tt.StringCol(4)})
        for rows in (frame, [(1, "x"), (2, missing)], {"n": [1, 2], "a": ["x", missing]}):
            with pytest.raises(WrongType, match=r"'a'.*text"):
                table.append(rows)
        with pytest.raises(LongtakeError):
            file.create_table("/", "made", obj=frame)
        assert len(table) == 0
        assert "made" not in file.root
        table.append(frame.assign(a=["x", "é"]))
        assert table.col("a").tolist() == [b"x", "é".encode()]


def test_text_as_objects():
    assert fitting(np.array(["é", b"a"], object), np.dtype("S2"), "x").tolist() == [
        "é".encode(),
        b"a",
    ]
    assert fitting(np.array([], object), np.dtype("S2"), "x").shape == (0,)


def test_text_that_is_none():
    with pytest.raises(InvalidArgument, match="surrogates"):
        fitting("\ud800", np.dtype("S4"), "x")


@pytest.mark.parametrize(
    ("kind", "dflt"),
    [("S4", "abcde"), ("i4", 1.5), ("u1", 256), ("?", "no"), ("f8", "1.5"), ("f4", [1, 2])],
)
def test_defaults_that_do_not_fit(kind, dflt):
    with pytest.raises(LongtakeError, match="default"):
        tt.Col(kind, dflt=dflt)
