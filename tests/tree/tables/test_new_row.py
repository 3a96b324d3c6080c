"""Rows that are filled in by name: kept as `append` would keep them, or refused as it would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import longtake.tree as tt
from longtake.errors import InvalidArgument, LongtakeError, WrongType
from longtake.tree.missing import ColumnNotFound

INFO = np.dtype([("w", "i4"), ("s", "S4"), ("deep", [("q", ">f8"), ("flag", "?")])])
ROW = np.dtype(
    {
        "names": ["a", "s", "v", "flag", "b", "m", "z", "info"],
        "formats": ["i8", "S4", ("f4", (3,)), "?", ">i2", ("i2", (2, 2)), "c8", INFO],
    }
)
NUMBERS = st.sampled_from([0, 1, -1, 2**40, 2**70, 1.5, 2.0, np.int64(3), np.float32(2), True])
VALUES = {
    "a": NUMBERS | st.none(),
    "s": st.sampled_from(["a", "é", "long text", b"abcd", b"abcde", "", 3, None, "\ud800"])
    | st.sampled_from([np.bytes_(b"ab"), np.str_("ab"), bytearray(b"a"), "éé", "ééé", [b"a"]]),
    "v": st.lists(st.sampled_from([0.5, 1, 2.0, None]), min_size=1, max_size=4)
    | st.sampled_from([5, np.zeros(3), np.zeros(3, "f4"), (1, 2, 3), np.zeros(2), "abc", None]),
    "flag": st.sampled_from([True, False, np.True_, 0, 1, 2, 1.0, "no", [], None, np.int8(1)]),
    "b": NUMBERS,
    "m": st.sampled_from([[[1, 2], [3, 4]], np.ones((2, 2), "i2"), 7, [1, 2], [[1.5, 2], [3, 4]]]),
    "z": st.sampled_from([1j, 1, 1.5, np.complex64(2), "x", None]),
}


@pytest.fixture
def file(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as made:
        made.create_table("/", "t", ROW)
        yield made


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with tt.open_file(tmp_path_factory.mktemp("rows") / "a.h5", "w") as made:
        for name in "ab":
            made.create_table("/", name, ROW[list(VALUES)])
        yield made.root.a, made.root.b


@given(name=st.sampled_from(list(VALUES)), data=st.data())
def test_by_name_or_as_a_list(both, name, data):
    ours, theirs = both
    value = data.draw(VALUES[name])
    if name == "v" and np.ndim(value) == 0 and not isinstance(value, str | None):
        listed = [value] * 3
    elif name == "m" and isinstance(value, int):
        listed = [[7, 7], [7, 7]]
    else:
        listed = value
    row, before = ours.row, len(ours)
    defaults = {n: row[n] for n in VALUES}
    row[name] = value
    try:
        theirs.append({n: [listed if n == name else v] for n, v in defaults.items()})
    except LongtakeError as error:
        kind = InvalidArgument if isinstance(error, InvalidArgument) else WrongType
        with pytest.raises(kind, match=rf"'{name}'"):
            row.append()
        row[name] = defaults[name]
        ours.flush()
        assert len(ours) == before
    else:
        row.append()
        ours.flush()
        assert ours[-1].tobytes() == theirs[-1].tobytes()


def test_an_array_in_a_new_row_is_its_own(file):
    file.create_table("/", "d", {"v": tt.Float64Col(shape=(3,), dflt=2.0)})
    row = file.root.d.row
    row["v"][1] = 7
    row.append()
    row.append()
    row["v"][0] = 1
    row.append()
    file.root.d.flush()
    assert file.root.d.col("v").tolist() == [[2, 7, 2], [2, 2, 2], [1, 2, 2]]


def test_columns_within_columns(file):
    table = file.root.t
    row = table.row
    row["info/w"] = 3
    row["info/deep/q"] = 1.5
    assert (row["info/w"], row["info"]) == (3, (3, b"", (1.5, False)))
    row.append()
    row["info"] = (5, "ab", (2.5, True))
    row["info/s"] = "é"
    assert row["info/deep"] == (2.5, True)
    row.append()
    row["info/deep"] = (0.5, True)
    row.append()
    table.flush()
    assert table.col("info").tolist() == [
        (3, b"", (1.5, False)),
        (5, "é".encode(), (2.5, True)),
        (0, b"", (0.5, True)),
    ]
    for name in ("info/x", "info/w/x", "info/", "x"):
        with pytest.raises(ColumnNotFound):
            row[name]
        row[name] = 3
        with pytest.raises(ColumnNotFound, match="info/w"):
            row.append()
    for value in (("x", "ab", (2.5, True)), (1, "ab"), 3):
        with pytest.raises(LongtakeError, match="'info'"):
            row["info"] = value
    assert table.row.nrow == 0


@pytest.mark.parametrize("take", [lambda row: row.pop("a"), lambda row: row.clear()])
def test_what_was_taken_out_of_a_row_is_asked_for(file, take):
    row = file.root.t.row
    row["s"] = "x"
    take(row)
    with pytest.raises(ColumnNotFound, match="'a'"):
        row.append()
    row["a"] = 7
    row.append()
    file.root.t.flush()
    assert file.root.t.col("a").tolist() == [7]
    assert file.root.t.col("flag").tolist() == [False]


def test_a_type_with_gaps(tmp_path):
    import h5py

    gaps = np.dtype(
        {"names": ["b", "a"], "formats": ["i4", "u1"], "offsets": [8, 1], "itemsize": 16}
    )
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5.create_dataset("t", (0,), gaps, maxshape=(None,), chunks=(4,))
    with tt.open_file(tmp_path / "a.h5", "a") as file:
        row = file.root.t.row
        row["a"], row["b"] = 7, -9
        row.append()
        file.root.t.flush()
        assert file.root.t[0].tolist() == (-9, 7)
