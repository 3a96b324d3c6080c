"""Trees that are written: with PyTables on the same operations, and what is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings
from typing import Annotated

import h5py
import numpy as np
import pandas as pd
import pytest
import tables
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake as lt
import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    Closed,
    FileInUse,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    NotALongtakeFile,
    NotFound,
    OutOfRange,
    WrongType,
)
from longtake.tree.missing import ColumnNotFound, NodeNotFound

CODECS = ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
ROW = np.dtype([("i", "i4"), ("f", "f8"), ("flag", "?"), ("name", "S5"), ("three", "i2", (3,))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.fixture
def file(path):
    with tt.open_file(path, "w", title="A file") as file:
        yield file


def rows(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = np.zeros(count, ROW)
    made["i"] = rng.integers(-100, 100, count)
    made["f"] = rng.normal(size=count)
    made["flag"] = rng.integers(0, 2, count)
    made["name"] = [f"n{number % 9}".encode() for number in range(count)]
    made["three"] = rng.integers(0, 9, (count, 3))
    return made


def same_tree(ours: tables.File, theirs: tables.File) -> None:
    """Both, as PyTables sees them."""
    assert [n._v_pathname for n in ours] == [n._v_pathname for n in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert type(mine) is type(other)
        assert mine._v_title == other._v_title
        if isinstance(mine, tables.Leaf):
            np.testing.assert_array_equal(mine.read(), other.read())
            assert mine.dtype == other.dtype


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 40)),
        st.tuples(st.just("row"), st.integers(-9, 9)),
        st.tuples(st.just("modify"), st.integers(0, 30), st.integers(1, 5)),
        st.tuples(st.just("column"), st.integers(0, 30), st.integers(1, 5)),
        st.tuples(st.just("remove rows"), st.integers(0, 30), st.integers(1, 9)),
        st.tuples(st.just("array"), st.sampled_from("abc"), st.integers(1, 9)),
        st.tuples(st.just("grow"), st.integers(1, 9)),
        st.tuples(st.just("set"), st.sampled_from("abc"), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.sampled_from("abc")),
        st.tuples(st.just("rename"), st.sampled_from("abc"), st.sampled_from("abc")),
        st.tuples(st.just("copy"), st.sampled_from("abc"), st.sampled_from("abc")),
        st.tuples(st.just("attribute"), st.sampled_from(["x", 5, 2.5, {"a": [1]}, None])),
    ),
    max_size=12,
)


def operate(file, operation: tuple, number: int) -> None:
    """Do the same in either library."""
    what, *given = operation
    table, group = file.root.t, file.root.g
    count = int(table.nrows)
    if what == "append":
        table.append(rows(given[0], number))
    elif what == "row":
        row = table.row
        row["i"], row["name"] = given[0], b"row"
        row.append()
        table.flush()
    elif what == "modify" and given[0] + given[1] <= count:
        table.modify_rows(given[0], given[0] + given[1], 1, rows(given[1], number))
    elif what == "column" and given[0] + given[1] <= count:
        values = np.arange(given[1], dtype="f8")
        table.modify_column(given[0], given[0] + given[1], 1, values, "f")
    elif what == "remove rows" and given[0] + given[1] < count:
        table.remove_rows(given[0], given[0] + given[1])
    elif what == "array" and given[0] not in group:
        file.create_array(group, given[0], np.arange(given[1] * 2).reshape(given[1], 2), "made")
    elif what == "grow":
        file.root.e.append(np.full((given[0], 3), number, "f4"))
    elif what == "set" and given[0] in group:
        getattr(group, given[0])[0, :] = given[1]
    elif what == "remove" and given[0] in group:
        getattr(group, given[0]).remove()
    elif what == "rename" and given[0] in group and given[1] not in group:
        getattr(group, given[0]).rename(given[1])
    elif what == "copy" and given[0] in group and given[1] not in group:
        file.copy_node(f"/g/{given[0]}", "/g", given[1])
    elif what == "attribute":
        group._v_attrs.value = given[0]


@settings(max_examples=30)
@given(operations=OPERATIONS)
def test_the_same_as_pytables_makes(tmp_path_factory, operations):
    folder = tmp_path_factory.mktemp("both")
    for name, library in (("ours", tt), ("theirs", tables)):
        with library.open_file(str(folder / name), "w", title="T") as file:
            file.create_group("/", "g", "a group")
            file.create_table("/", "t", ROW, "a table")
            make = {"shape": (0, 3), "title": "grows"}
            if library is tt:
                file.create_earray("/", "e", atom="f4", **make)
            else:
                file.create_earray("/", "e", tables.Float32Atom(), **make)
            for number, operation in enumerate(operations):
                operate(file, operation, number)
    with tables.open_file(folder / "ours") as ours, tables.open_file(folder / "theirs") as theirs:
        same_tree(ours, theirs)
        if "value" in theirs.root.g._v_attrs:
            assert ours.root.g._v_attrs.value == theirs.root.g._v_attrs.value


@dataclasses.dataclass
class Star:
    name: Annotated[str, 8]
    ra: float = 1.5
    hits: np.uint16 = 3  # pyright: ignore[reportAssignmentType]


class Outer(tt.IsDescription):
    z = tt.Float64Col()
    a = tt.Int32Col(dflt=7)

    class inner(tt.IsDescription):
        p = tt.BoolCol()
        q = tt.StringCol(4)


@pytest.mark.parametrize(
    ("description", "names"),
    [
        (Star, ["name", "ra", "hits"]),
        (Outer, ["z", "a", "inner"]),
        ({"b": "f4", "a": tt.Int8Col(shape=(2,))}, ["b", "a"]),
        (np.dtype([("x", "f8"), ("n", "U5")]), ["x", "n"]),
        (rows(3), list(ROW.names or ())),
        (pd.DataFrame({"x": [1.5, 2.5], "n": ["a", "bc"]}), ["x", "n"]),
    ],
    ids=["dataclass", "class", "mapping", "dtype", "rows", "DataFrame"],
)
def test_tables_are_described_in_many_ways(path, file, description, names):
    made = file.create_table("/", "t", description)
    assert made.colnames == names
    count = len(made)
    made.row.append()
    made.flush()
    assert len(made) == count + 1
    file.close()
    with tables.open_file(path) as theirs:
        assert theirs.root.t.colnames == names
        assert theirs.root.t.nrows == count + 1


def test_defaults(path, file):
    for name, description in (("a", Star), ("b", Outer)):
        file.create_table("/", name, description).row.append()
    file.close()
    with tt.open_file(path, "a") as again:
        assert again.root.a[0].tolist() == (b"", 1.5, 3)
        row = again.root.b.row
        assert row["a"] == 7
        row.append()
        again.flush()
        assert again.root.b.col("a").tolist() == [7, 7]
        assert again.root.b.cols.inner.q[:].tolist() == [b"", b""]


@pytest.mark.parametrize("library", ["zlib", "blosc:lz4", "blosc2", "blosc2:zstd"])
@pytest.mark.parametrize("way", [{}, {"shuffle": False}, {"fletcher32": True}])
def test_filters(path, file, library, way):
    filters = tt.Filters(complevel=4, complib=library, **way)
    values = np.arange(20_000).reshape(200, 100)
    made = file.create_carray("/", "c", obj=values, filters=filters)
    assert made.filters.complib.startswith(library)
    assert made.size_on_disk < made.size_in_memory * 0.8
    file.create_table("/", "t", rows(1000), filters=filters)
    file.close()
    with tables.open_file(path) as theirs:
        np.testing.assert_array_equal(theirs.root.c[:], values)
        np.testing.assert_array_equal(theirs.root.t[:], rows(1000))
        assert theirs.root.c.filters.complevel == 4
        assert theirs.root.c.filters.fletcher32 == ("fletcher32" in way)


@pytest.mark.parametrize(
    "library", ["zlib", "bzip2", "blosc", *(f"blosc:{c}" for c in CODECS), "blosc2", "blosc2:zstd"]
)
@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("way", [{}, {"shuffle": False}, {"fletcher32": True}])
def test_what_pytables_compressed(path, library, level, way):
    made = {
        "numbers": np.arange(2000).reshape(200, 10),
        "text": np.array([b"abc%04d" % number for number in range(333)]),
        "noise": np.random.default_rng(0).integers(0, 256, 5001, "u1"),
        "table": rows(1000),
    }
    filters = tables.Filters(level, library, **way)
    with warnings.catch_warnings(), tables.open_file(path, "w") as theirs:
        warnings.simplefilter("ignore")
        for name, values in made.items():
            create = theirs.create_table if name == "table" else theirs.create_carray
            chunk = (77, *values.shape[1:])
            create("/", name, obj=values, filters=filters, chunkshape=chunk)
    with tt.open_file(path, "a") as ours:
        for name, values in made.items():
            node = ours.root[name]
            np.testing.assert_array_equal(node[:], values)
            assert (node.filters.complib.split(":")[0], node.filters.complevel) == (
                library.split(":")[0],
                level,
            )
        # What is read and written elsewhere, is written into here.
        ours.root.table.append(rows(5))
        ours.root.noise[3] = 77
    with tables.open_file(path) as theirs:
        np.testing.assert_array_equal(theirs.root.table[:], np.concatenate([rows(1000), rows(5)]))
        assert theirs.root.noise[3] == 77


def test_every_kind_of_column_of_pytables(path):
    class Kinds(tables.IsDescription):
        time = tables.Time32Col()
        moment = tables.Time64Col(shape=(2,))
        colour = tables.EnumCol(tables.Enum(["red", "green"]), "green", base="uint8")
        number = tables.ComplexCol(16)
        small = tables.Float16Col()
        flags = tables.BoolCol(shape=(2,))

        class inner(tables.IsDescription):
            when = tables.Time64Col()

    with tables.open_file(path, "w") as theirs:
        row = theirs.create_table("/", "t", Kinds).row
        row["time"], row["moment"], row["number"] = 77, (1234567.25, -0.5), 2 + 1j
        row["inner/when"] = 1e9 + 1e-6
        row.append()
        theirs.create_vlarray("/", "v", tables.Int32Atom()).append([1, 2])
    with tt.open_file(path, "a") as ours:
        (row,) = ours.root.t[:]
        assert row["time"] == 77
        assert row["moment"].tolist() == [1234567.25, -0.5]
        assert (row["number"], row["colour"]) == (2 + 1j, 1)
        assert row["inner"]["when"] == pytest.approx(1e9 + 1e-6, abs=1e-9)
        assert isinstance(ours.root.v, tt.UnImplemented)
        ours.root.t.append(ours.root.t[:])
    with tables.open_file(path) as theirs:
        first, second = theirs.root.t[:]
        assert first == second


def test_a_walk_goes_through_a_circle_once(file):
    file.create_group("/a", "b", createparents=True)
    file.root.a._h5["again"] = file.root._h5
    assert [group._v_pathname for group in file.walk_groups()] == ["/", "/a", "/a/b"]


def test_moving_and_copying(file):
    file.create_array("/a", "x", [1, 2], createparents=True)
    node = file.root.a.x
    node.move("/", "y")
    assert node._v_pathname == "/y"
    assert file.root.y[:].tolist() == [1, 2]
    copied = file.root.a._f_copy("/", "b")
    assert copied._v_pathname == "/b"
    file.move_node("/y", "/b")
    assert "/b/y" in file
    with pytest.raises(InvalidArgument, match="recursive=True"):
        file.remove_node("/b")
    file.remove_node("/b", recursive=True)
    assert "/b" not in file
    with pytest.raises(InvalidArgument, match="into itself"):
        file.move_node("/a", "/a", "c")


def test_names_that_cannot_be_stored(file):
    for name in ("", ".", "a/b", "nul\0x", "\udcff"):
        with pytest.raises(InvalidArgument, match="cannot be the name"):
            file.create_array("/", name, [1])
    for name in ("odd name", "class", "_v_x", "é", "1"):
        file.create_array("/", name, [1])
        assert file.root[name][:].tolist() == [1]
    assert len(file.root) == 5


def test_bad_rows_leave_nothing(file):
    table = file.create_table("/", "t", ROW)
    good = rows(1)[0]
    bad = [
        ([(1, 2.0)], InvalidArgument, "2 values, for 5 columns"),
        ([(1.5, 2.0, True, "a", (1, 2, 3))], InvalidArgument, "'i': .* cannot be kept as int32"),
        ([(2**40, 2.0, True, "a", (1, 2, 3))], InvalidArgument, "cannot be kept"),
        ([(1, "x", True, "a", (1, 2, 3))], WrongType, "'f'"),
        ([(1, 2.0, True, "too long", (1, 2, 3))], InvalidArgument, "8 bytes does not fit in 5"),
        ([(1, 2.0, True, "a", (1, 2))], InvalidArgument, "'three'.*shape"),
        ({"i": [1]}, ColumnNotFound, "'f' is missing"),
        ({**{name: [good[name]] for name in ROW.names or ()}, "zz": [1]}, ColumnNotFound, "'zz'"),
        (5, WrongType, "rows are"),
    ]
    for given_rows, error, text in bad:
        with pytest.raises(error, match=text):
            table.append(given_rows)
    for name, value, error in (
        ("i", 1.5, InvalidArgument),
        ("f", "x", WrongType),
        ("zz", 1, KeyError),
    ):
        row = table.row
        row[name] = value
        with pytest.raises(error):
            row.append()
        row.update(row._defaults)
    assert len(table) == 0
    table.row.append()
    table.flush()
    assert len(table) == 1


def test_conditions_name_what_is_not_there(file):
    table = file.create_table("/", "t", rows(20))
    with pytest.raises(
        ColumnNotFound, match="there is no 'energy'; the columns are i, f, flag, name"
    ):
        table.where("energy > 3")
    low = 5
    assert [row["i"] for row in table.where("i > low")] == table[:]["i"][
        table[:]["i"] > low
    ].tolist()
    assert table.get_where_list("i > low", {"low": 1000}).tolist() == []
    assert len(table.read_where("flag | ~flag", field="f", start=3, stop=15, step=2)) == 6
    other = file.create_table("/", "other", ROW)
    assert table.append_where(other, "name == 'n1'") == len(other) == 3


def test_what_a_file_that_is_read_only_refuses(path, file):
    table = file.create_table("/", "t", rows(3))
    file.create_array("/", "a", [1, 2])
    file.close()
    with pytest.raises(Closed):
        table[:]
    before = path.read_bytes()
    with tt.open_file(path) as again:
        refused = [
            lambda: again.create_group("/", "g"),
            lambda: again.root.t.row,
            lambda: again.root.t.append(rows(1)),
            lambda: again.root.a.__setitem__(0, 1),
            lambda: setattr(again.root.a.attrs, "x", 1),
            lambda: again.root.a.remove(),
            lambda: again.root.a.rename("b"),
            lambda: tt.filenode.new_node(again, name="f"),
        ]
        for attempt in refused:
            with pytest.raises(NoPermission, match="mode='a'"):
                attempt()
    assert path.read_bytes() == before


def test_files_that_cannot_be_opened(path, tmp_path):
    with pytest.raises(InvalidArgument, match="mode='q'"):
        tt.open_file(path, "q")  # pyright: ignore[reportArgumentType]
    for mode in ("r", "r+"):
        with pytest.raises(NotFound):
            tt.open_file(path, mode)
    with pytest.raises(NotFound, match="no folder"):
        tt.open_file(tmp_path / "none" / "a.h5", "w")
    path.write_text("text, and no HDF5")
    for mode in ("r", "r+", "a"):
        with pytest.raises(NotALongtakeFile):
            tt.open_file(path, mode)
    with pytest.raises(AlreadyExists):
        tt.open_file(path, "x")
    assert path.read_text() == "text, and no HDF5"


@pytest.mark.parametrize("mode", ["r+", "a", "w"])
def test_a_file_that_is_open_elsewhere_is_left_as_it_is(path, mode):
    with tt.open_file(path, "w") as file:
        file.create_array("/", "a", [1, 2])
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import h5py; f = h5py.File({str(path)!r}, 'r+'); print(1, flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        before = path.read_bytes()
        with pytest.raises(FileInUse):
            tt.open_file(path, mode)
        assert path.read_bytes() == before
    finally:
        holder.communicate(b"\n", timeout=60)


@pytest.mark.parametrize("mode", ["r+", "a", "w"])
def test_a_recording_that_goes_on_is_left_to_it(path, mode):
    with lt.record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append(1, "before")
        with pytest.raises(FileInUse):
            tt.open_file(path, mode)
        stream.append(2, "after")
        with tt.open_file(path) as tree:
            assert tree.root.data_stream.s.index.colnames[0] == "timestamp"
    assert lt.check(path).is_whole


def test_values_that_cannot_be_stored(file):
    for value in ([object()], np.array(["2020-01-01"], "M8[D]"), [[1], [1, 2]]):
        with pytest.raises((WrongType, InvalidArgument)):
            file.create_array("/", "a", value)
    with pytest.raises(LongtakeError):
        file.root._v_attrs.x = {1, 2}
    assert list(file.root) == []


def test_in_place(file):
    made = file.create_carray("/", "c", obj=np.zeros((4, 5), "i4"))
    made[1:3, 2] = [7, 8]
    made[0] = 3
    made[..., -1] = 9
    made[[0, 3], 0] = [5, 6]
    expected = np.zeros((4, 5), "i4")
    expected[1:3, 2] = [7, 8]
    expected[0] = 3
    expected[..., -1] = 9
    expected[[0, 3], 0] = [5, 6]
    np.testing.assert_array_equal(made[:], expected)
    for key, value, error in (
        (9, 1, OutOfRange),
        (slice(0, 2), [1, 2, 3], InvalidArgument),
        (0, 1.5, InvalidArgument),
        (0, "x", WrongType),
    ):
        with pytest.raises(error):
            made[key] = value
    np.testing.assert_array_equal(made[:], expected)
    grows = file.create_earray("/", "e", atom="f8", shape=(2, 0))
    grows.append([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(InvalidArgument, match=r"\(2, n\), not \(3, 1\)"):
        grows.append([[1], [2], [3]])
    assert grows.shape == (2, 3)


def test_links(path, file):
    file.create_array("/g", "x", [1, 2], createparents=True)
    link = file.create_soft_link("/", "to_x", "/g/x")
    assert (link.shape, link[:].tolist(), str(link)) == ((2,), [1, 2], "/to_x (SoftLink) -> /g/x")
    assert link().name == "to_x"
    assert file.create_soft_link("/", "nowhere", "/none").is_dangling()
    outside = file.create_external_link("/", "outside", "other.h5:/x")
    assert (outside.filename, outside.path) == ("other.h5", "/x")
    with pytest.raises(InvalidArgument):
        file.create_external_link("/", "bad", "other.h5")
    file.close()
    with tables.open_file(path) as theirs:
        assert theirs.root.to_x()[:].tolist() == [1, 2]
        assert [type(node).__name__ for node in theirs.list_nodes("/")] == [
            *("Group", "SoftLink", "ExternalLink", "SoftLink")
        ]


def test_nodes_of_a_kind(file):
    file.create_group("/", "g")
    file.create_array("/", "a", [1])
    file.create_carray("/", "c", obj=[1])
    file.create_earray("/", "e", obj=[1])
    file.create_table("/", "t", rows(1))
    found = {
        kind: [n._v_name for n in file.walk_nodes("/", kind)]
        for kind in ("Group", "Leaf", "Array", "CArray", "EArray", "Table")
    }
    assert found == {
        "Group": ["/", "g"],
        "Leaf": ["a", "c", "e", "t"],
        "Array": ["a", "c", "e"],
        "CArray": ["c", "e"],
        "EArray": ["e"],
        "Table": ["t"],
    }
    with pytest.raises(InvalidArgument, match="no nodes of the kind 'Tabel'"):
        list(file.walk_nodes("/", "Tabel"))
    with pytest.raises(NodeNotFound):
        file.get_node("/zzz")
    assert h5py.is_hdf5(file.filename)


def make_with_pytables_arguments(library, path):
    """Make a file by calls as PyTables' users write them, arguments in their places."""
    with library.open_file(path, "w", "A title") as file:
        group = file.create_group("/", "g", "A group")
        zlib = library.Filters(1, "zlib")
        array = file.create_carray(
            group, "c", library.Float32Atom(dflt=2.5), (30, 4), "Title", zlib, chunkshape=(7, 4)
        )
        array[3:5] = 1
        grows = file.create_earray(group, "e", library.StringAtom(5), (0, 2), "", zlib, 100)
        grows.append([["abc", "d"]])
        file.create_earray(group, "n", array.atom, (4, 0)).append(np.ones((4, 3)))
        file.create_carray(group, "i", library.Atom.from_dtype(np.dtype("u2")), (3,))
        columns = {"x": library.Int32Col(pos=1, dflt=7), "y": library.Float64Col((2,), pos=2)}
        table = file.create_table(group, "t", columns, "A table", zlib, 1000)
        for number in range(9):
            table.row["x"] = number
            table.row["y"] = (number, -number)
            table.row.append()
        table.flush()
        table.row.append()
        table.flush()
        found = table.get_where_list("x > 5", None, True, 0, 9)
        assert table.read_coordinates(found[::-1], field="x").tolist() == [8, 7, 6]
        table.modify_column(0, 2, 1, [70, 80], "x")
        table.remove_rows(7, 8)
        assert table.append_where(table, "x == 80", None, 0, 5) == 1
        assert table.read(0, 3, 2, "x").tolist() == [70, 2]


def test_pytables_arguments_in_their_places(tmp_path):
    paths = [tmp_path / "ours.h5", tmp_path / "theirs.h5"]
    for library, path in zip((tt, tables), paths, strict=True):
        make_with_pytables_arguments(library, path)
    with tables.open_file(paths[0]) as ours, tables.open_file(paths[1]) as theirs:
        for node in theirs.walk_nodes("/", "Leaf"):
            found = ours.get_node(node._v_pathname)
            np.testing.assert_array_equal(found[:], node[:])
            assert (type(found), found.title) == (type(node), node.title)
            assert found.filters.complevel == node.filters.complevel


INDEXED = np.dtype([("i", "i8"), ("x", "f8")])


@pytest.fixture
def indexed(path):
    """A table that PyTables has indexed."""
    made = np.zeros(20_000, INDEXED)
    made["i"] = np.arange(20_000)
    with tables.open_file(path, "w") as theirs:
        table = theirs.create_table("/", "t", obj=made)
        table.cols.i.create_csindex()
    return path


def found_by_pytables(path, name, condition):
    with tables.open_file(path) as theirs:
        table = theirs.get_node("/", name)
        return table.read_where(condition)["i"].tolist(), len(table[:][table[:]["i"] == 5])


def test_pytables_does_not_answer_by_indexes_that_are_out_of_date(indexed):
    with tt.open_file(indexed, "a") as ours:
        ours.root.t.append(np.array([(5, 0)] * 7, INDEXED))
        ours.root.t[15_000:15_003] = np.array([(5, 0)] * 3, INDEXED)
    found, count = found_by_pytables(indexed, "t", "i == 5")
    assert len(found) == count == 11
    with tt.open_file(indexed, "a") as ours:
        ours.root.t.remove_rows(6, 10_000)
    assert found_by_pytables(indexed, "t", "i == 12345")[0] == [12345]


def test_another_table_has_not_the_indexes_of_the_one_that_was_removed(indexed):
    with tt.open_file(indexed, "a") as ours:
        ours.rename_node("/t", "old")
        ours.create_table("/", "t", INDEXED).append([(5, 0)] * 3)
        assert "_i_t" not in ours.root
    assert found_by_pytables(indexed, "t", "i == 5")[0] == [5] * 3
    assert found_by_pytables(indexed, "old", "i == 5")[0] == [5]
    with tt.open_file(indexed, "a") as ours:
        ours.root.old.remove()
        assert [node._v_name for node in ours.root] == ["t"]


def test_small_calls_that_pytables_users_know(file):
    array = file.create_earray("/", "e", obj=np.arange(10))
    assert list(array.iterrows(2, 9, 3)) == [2, 5, 8]
    array.truncate(4)
    assert array[:].tolist() == [0, 1, 2, 3]
    array.truncate(6)
    assert array[:].tolist() == [0, 1, 2, 3, 0, 0]
    with pytest.raises(InvalidArgument):
        array.truncate(-1)
    assert file.get_node("/e", classname="Leaf") is not None
    with pytest.raises(tt.NoSuchNodeError):
        file.get_node("/none")
    for work in (file.list_nodes, file.walk_groups):
        with pytest.raises(WrongType, match="not a group"):
            work("/e")
    file.flush()
    assert (file.mode, file.get_filesize() > 0) == ("a", True)


def test_names_that_are_no_utf8(path):
    with h5py.File(path, "w", libver=("earliest", "v108")) as h5:
        h5["latin!1"] = [1, 2]
    path.write_bytes(path.read_bytes().replace(b"latin!1", b"latin\xe91"))
    with tt.open_file(path) as file:
        (node,) = file.root
        assert node[:].tolist() == [1, 2]
        assert node._v_name in file.root


def test_indexes_stay_where_nothing_took_their_tables_place(indexed, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with tt.open_file(indexed, "a") as ours:
        ours.create_array("/", "a", [1])
        with monkeypatch.context() as patch:
            patch.setattr(h5py.Group, "move", interrupted)
            with pytest.raises(KeyboardInterrupt):
                ours.move_node("/a", "/", "t", overwrite=True)
        assert "_i_t" in ours.root
        ours.move_node("/a", "/", "t", overwrite=True)
        assert [node._v_name for node in ours.root] == ["t"]
