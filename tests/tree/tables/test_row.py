"""Rows that are gone through, and changed on the way."""

from __future__ import annotations

import numpy as np
import pytest

import longtake.tree as tt
from longtake.errors import LongtakeError, OutOfRange
from longtake.tree.missing import ColumnNotFound

ROW = np.dtype(
    [("a", "i8"), ("v", "f4", (2,)), ("info", [("w", "i4"), ("deep", [("s", "S4"), ("h", "?")])])]
)


@pytest.fixture
def table(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as made:
        rows = [(n, (n, n), (n, ("x", n % 2 == 1))) for n in range(5)]
        yield made.create_table("/", "t", ROW, obj=rows)


def test_columns_within_columns(table):
    for row in table.where("a > 2"):
        assert row["info/w"] == row["a"]
        assert row["info/deep/s"] == b"x"
        row["info/w"] += 10
        row["info/deep/s"] = "é"
        assert row["info"] == (row["a"] + 10, ("é".encode(), row["info/deep/h"]))
        assert row["info/deep"] == row[2][1]
        row["info/deep"] = ("z", True)
        assert row["info/deep/s"] == row["info"][1][0] == b"z"
        row.update()
    assert table.col("info/w").tolist() == [0, 1, 2, 13, 14]
    assert table.col("info/deep/s").tolist() == [b"x"] * 3 + [b"z"] * 2
    assert table.col("a").tolist() == [0, 1, 2, 3, 4]
    for name in ("info/x", "b", "a/b"):
        with pytest.raises(ColumnNotFound):
            row[name]
        with pytest.raises(ColumnNotFound):
            row[name] = 3


def test_an_array_is_changed_in_place(table):
    for row in table:
        row["v"][1] = 7
        row.update()
        assert row.fetch_all_fields() == table[row.nrow]
    assert table.col("v").tolist() == [[n, 7] for n in range(5)]


def test_what_does_not_fit(table):
    row = next(iter(table))
    for name, value in (("a", [1, 2]), ("a", "x"), ("v", [1, 2, 3]), ("info/w", 2**31)):
        with pytest.raises(LongtakeError, match=f"'{name}'"):
            row[name] = value
    row["v"] = 5
    row.update()
    assert table[0].tolist()[:2] == (0, pytest.approx([5, 5]))


def test_a_row_that_was_removed(table):
    row = list(table)[-1]
    table.remove_rows(3)
    with pytest.raises(OutOfRange, match="4"):
        row.update()
    assert len(table) == 3


def test_rows_by_number_and_step(table):
    for row in table.itersequence([4, 0]):
        row["a"] += 100
        row.update()
    for row in table.iterrows(1, None, 2):
        row["a"] += 1000
        row.update()
    assert table.col("a").tolist() == [100, 1001, 2, 1003, 104]
