"""Rows that are replaced and removed, by us and by PyTables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st

import longtake.tree as tt
from longtake.errors import InvalidArgument, LongtakeError, OutOfRange

ROW = np.dtype([("a", "i8"), ("v", "f4", (2,)), ("info", [("w", "i4"), ("s", "S4")])])
ROWS = np.zeros(6, ROW)
ROWS["a"] = ROWS["info"]["w"] = np.arange(6)
NEW = np.ones(2, ROW)


@pytest.fixture
def both(tmp_path):
    with (
        tt.open_file(tmp_path / "a.h5", "w") as ours,
        tables.open_file(tmp_path / "b.h5", "w") as theirs,
    ):
        yield ours.create_table("/", "t", obj=ROWS), theirs.create_table("/", "t", obj=ROWS)


CHANGES = {
    "coordinates": lambda t: t.modify_coordinates([4, 1], NEW),
    "columns": lambda t: t.modify_columns(1, columns=[[7, 8], NEW["v"]], names=["a", "v"]),
    "columns by step": lambda t: t.modify_columns(0, 4, 2, [[7, 8]], ["a"]),
    "a column": lambda t: t.modify_column(2, column=[7, 8], colname="info/w"),
    "rows": lambda t: t.modify_rows(3, rows=NEW),
    "rows by step": lambda t: t.modify_rows(0, 6, 3, NEW),
    "removed": lambda t: t.remove_rows(1, 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_as_pytables_does(both, change):
    ours, theirs = both
    assert ours.colpathnames == theirs.colpathnames
    assert CHANGES[change](ours) == CHANGES[change](theirs)
    assert ours[:].tobytes() == theirs[:].tobytes()


def test_rows_from_the_end(both):
    ours, _ = both
    assert ours.modify_rows(-2, rows=NEW) == 2
    assert ours.col("a").tolist() == [0, 1, 2, 3, 1, 1]
    assert ours.modify_columns(-2, columns=NEW[["info", "v"]]) == 2
    assert ours.col("info/w")[-3:].tolist() == [3, 1, 1]
    assert ours.modify_column(-1, column=[9], colname="a") == 1
    assert ours.modify_column(column=5, colname="v") == 6
    assert ours.col("a")[-1] == 9
    assert ours.col("v").tolist() == [[5, 5]] * 6


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda t: t.modify_rows(5, rows=NEW), InvalidArgument),
        (lambda t: t.modify_rows(0, 3, rows=NEW), InvalidArgument),
        (lambda t: t.modify_coordinates([1], NEW), InvalidArgument),
        (lambda t: t.modify_coordinates([1, 6], NEW), OutOfRange),
        (lambda t: t.modify_columns(0, columns=[[1]], names=["a", "v"]), InvalidArgument),
        (lambda t: t.modify_columns(0, columns=[[1], NEW["v"]], names="av"), InvalidArgument),
        (lambda t: t.modify_column(0, 5, column=[1, 2]), InvalidArgument),
        (lambda t: t.modify_column(0, column=[[1, 2, 3]], colname="v"), InvalidArgument),
        (lambda t: t.remove_rows(step=0), InvalidArgument),
    ],
)
def test_what_cannot_be_replaced(both, change, error):
    ours, _ = both
    with pytest.raises(error) as caught:
        change(ours)
    assert isinstance(caught.value, LongtakeError)
    assert ours[:].tobytes() == ROWS.tobytes()


@given(
    start=st.integers(-8, 8) | st.none(),
    stop=st.integers(-8, 8) | st.none(),
    step=st.integers(1, 5),
)
def test_removing_is_what_a_list_does(tmp_path_factory, start, stop, step):
    with tt.open_file(tmp_path_factory.mktemp("removed") / "a.h5", "w") as file:
        table = file.create_table("/", "t", obj=ROWS)
        left = list(range(6))
        del left[start:stop:step]
        assert table.remove_rows(start, stop, step) == 6 - len(left)
        assert table.col("a").tolist() == left


@dataclass
class Place:
    w: int
    s: Annotated[str, 4] = ""


@dataclass
class Hit:
    a: int
    v: tuple[float, float]
    info: Place


def test_dataclass_objects_are_rows(both):
    ours, _ = both
    ours.append([Hit(7, (1, 2), Place(3, "é")), Hit(8, (3, 4), Place(4))])
    ours.modify_rows(0, rows=[Hit(9, (1, 2), Place(3))])
    assert ours[-2].tolist()[::2] == (7, (3, "é".encode()))
    assert ours.col("a").tolist() == [9, 1, 2, 3, 4, 5, 7, 8]
    for rows in ([Hit(1, (1, 2), Place(3)), (1, (1, 2), (3, ""))], [Place(3)], Place(3), [Hit]):
        with pytest.raises(LongtakeError):
            ours.append(rows)
    assert len(ours) == 8
