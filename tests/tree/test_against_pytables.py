"""What the tree says of a file, compared with what PyTables says of the same file."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import tables

from tests.tree.make import open_tree

INDEX = np.dtype([("timestamp", "<i8"), ("start_index", "<u8"), ("end_index", "<u8")])
NESTED = np.dtype(
    [("x", "<f8", (3,)), ("hit", "?"), ("s", "S5"), ("in", [("p", "<i4"), ("q", "<f4")])]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("tree") / "made_by_pytables.h5"
    with warnings.catch_warnings(), tables.open_file(path, "w", title="T") as f:
        warnings.simplefilter("ignore")
        g = f.create_group("/", "g", "a group")
        values = {
            "name": "x", "Zed": "", "num": 5, "f": 9.9, "b": True, "arr": np.arange(3),
            "f32": np.float32(1.5), "application": {"score": 2, "l": [0, 1]}, "none": None,
            "raw": b"abc", "texts": np.array(["a", "bb"]), "bytes": np.array([b"a", b"bb"]),
            "pair": (1, 2.5), "complex": 1j,
        }  # fmt: skip
        for name, value in values.items():
            setattr(g._v_attrs, name, value)
        table = f.create_table(g, "index", INDEX)
        table.append([(2664 + i, 16 * i, 16 * i + 16) for i in range(10)])
        nested = f.create_table(g, "nested", NESTED, title="deep")
        nested.append([((i, 2, 3), i % 2, b"hi", (i, 0.5)) for i in range(7)])
        f.create_table(g, "none_yet", INDEX)
        f.create_earray(g, "data", obj=np.arange(20, dtype="u1"))
        f.create_array(g, "plane", np.arange(60).reshape(3, 4, 5))
        f.create_array(g, "truths", np.array([True, False]))
        f.create_array(g, "odd name", [1, 2])
        f.create_array(g, "single", 5)
    return path


@pytest.fixture
def both(path):
    with tables.open_file(path) as theirs, open_tree(path) as ours:
        yield ours.root.g, theirs.root.g


def plainly(text: str) -> str:
    """The text without numpy 2's names for text and bytes, as in the source document."""
    return re.sub(r"np\.(?:str_|bytes_)\((b?'[^']*')\)", r"\1", text)


def test_attributes_print_alike(both):
    ours, theirs = both
    expected = plainly(repr(theirs._v_attrs))
    assert str(ours._v_attrs) == repr(ours._v_attrs) == expected
    for name in ("index", "nested", "data", "plane"):
        assert str(ours[name].attrs) == plainly(repr(theirs[name].attrs))
    assert str(ours["truths"]._v_attrs).startswith("/g/truths._v_attrs (AttributeSet), ")


def test_root_attributes_print_alike(path):
    with tables.open_file(path) as theirs, open_tree(path) as ours:
        assert str(ours.root._v_attrs) == plainly(repr(theirs.root._v_attrs))


def test_nodes_are_named_and_listed_alike(both):
    ours, theirs = both
    assert [n._v_name for n in ours] == [n._v_name for n in theirs]
    assert [n._v_pathname for n in ours] == [n._v_pathname for n in theirs]
    assert [type(n).__name__ for n in ours] == [type(n).__name__ for n in theirs]
    expected = [re.sub(r"np\.int64\((\d+)\)", r"\1", plainly(str(n))) for n in theirs]
    assert [str(n) for n in ours] == expected
    assert str(ours) == "/g (Group) 'a group'"
    for name in ("index", "nested", "plane"):
        theirs_plain = re.sub(r"np\.(?:int64|str_)\(([^)]*)\)", r"\1", str(theirs[name]))
        assert str(ours[name]) == theirs_plain


@pytest.mark.parametrize("name", ["index", "nested", "none_yet"])
def test_tables_read_alike(both, name):
    ours, theirs = both[0][name], both[1][name]
    assert ours.colnames == theirs.colnames
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert len(ours) == ours.nrows == theirs.nrows
    for column in [*theirs.colnames, *theirs.colpathnames]:
        np.testing.assert_array_equal(ours.col(column), theirs.col(column))
    for key in (slice(None), slice(2, 5), slice(-3, None), slice(None, None, 3), slice(7, 2)):
        assert ours[key].dtype == theirs[key].dtype
        np.testing.assert_array_equal(ours[key], theirs[key])
    rows = zip(ours, theirs, strict=True)
    for our_row, their_row in rows:
        assert our_row.nrow == their_row.nrow
        for number, column in enumerate(theirs.colnames):
            np.testing.assert_array_equal(our_row[column], their_row[column])
            np.testing.assert_array_equal(our_row[number], their_row[number])
            assert type(our_row[column]) is type(their_row[column])
    for key in (0, -1, np.uint64(2)) if len(ours) else ():
        assert ours[key] == theirs[int(key)]
        assert isinstance(ours[key], np.void)


@pytest.mark.parametrize(
    "key",
    [..., 0, -1, slice(1, 3), slice(None, None, 2), (1, 2), (slice(None), 0), (..., -1),
     (0, slice(1, 3), slice(None, None, 2)), (slice(None), [1, 3])],
)  # fmt: skip
def test_arrays_read_alike(both, key):
    ours, theirs = both
    np.testing.assert_array_equal(ours.plane[key], theirs.plane[key], strict=True)


def test_truth_values_and_single_values_read_alike(both):
    ours, theirs = both
    np.testing.assert_array_equal(ours.truths[:], theirs.truths[:], strict=True)
    assert ours.single[()] == theirs.single[()] == 5
    assert ours["odd name"][:].tolist() == [1, 2]


def test_bounds_of_numpy_types(both):
    ours, theirs = both
    part = ours.data[np.uint64(3) : np.uint64(6)]
    np.testing.assert_array_equal(part, theirs.data[3:6], strict=True)
