"""What cannot be done is answered before anything is, and leaves the file as it was."""

from __future__ import annotations

from operator import setitem

import numpy as np
import pytest

import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    LongtakeError,
    OutOfRange,
    WrongType,
)
from longtake.tree import filenode
from longtake.tree.missing import ColumnNotFound, NodeNotFound

ROW = np.dtype([("a", "i8"), ("s", "S4"), ("v", "f4", (2,))])


@pytest.fixture
def file(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as made:
        made.create_table("/", "t", ROW, obj=[(1, b"x", (1, 2)), (2, b"y", (3, 4))])
        made.create_array("/", "one", np.arange(6))
        made.create_earray("/", "e", atom="f8", shape=(0, 3))
        made.create_carray("/", "c", atom="f4", shape=(4, 4))
        made.create_group("/", "g")
        made.create_soft_link("/", "nowhere", "/nope")
        filenode.new_node(made, where="/", name="file").close()
        yield made


ARRAYS = {
    "a shape below zero": (lambda f: _carray(f, shape=(-1, 2)), InvalidArgument, "0 or more"),
    "no shape": (lambda f: _carray(f, shape=()), InvalidArgument, "from 1 on"),
    "no dtype": (lambda f: f.create_carray("/", "x", shape=3), InvalidArgument, "an atom and"),
    "no such dtype": (lambda f: _carray(f, atom="nope"), WrongType, "nope"),
    "chunks of other axes": (lambda f: _carray(f, chunkshape=(4,)), InvalidArgument, "chunks of"),
    "empty chunks": (lambda f: _carray(f, chunkshape=(0, 4)), InvalidArgument, "chunks of"),
    "large chunks": (lambda f: _carray(f, chunkshape=(6, 4)), InvalidArgument, "chunks of"),
    "no filters": (lambda f: _carray(f, filters="zlib"), WrongType, "Filters"),
    "LZO": (lambda f: _carray(f, filters=tt.Filters(1, "lzo")), InvalidArgument, "not written"),
    "other values": (lambda f: _carray(f, obj=[1.5]), InvalidArgument, r"\(1,\), for \(4, 4\)"),
    "fractions": (lambda f: f.create_carray("/", "x", obj=[1.5], atom="i4"), InvalidArgument, "1.5"),
    "axes that do not grow": (lambda f: _earray(f, shape=(2, 2)), InvalidArgument, "the one axis"),
    "axes that all grow": (lambda f: _earray(f, shape=(0, 0)), InvalidArgument, "the one axis"),
    "a row too short": (lambda f: _earray(f, obj=[[1.0]]), InvalidArgument, r"\(n, 3\), not"),
    "rows expected": (lambda f: _earray(f, expectedrows=-1), InvalidArgument, "expectedrows"),
    "a title": (lambda f: _carray(f, title=3), WrongType, "title"),
    "a group's title": (lambda f: f.create_group("/", "x", title=3), WrongType, "title"),
    "no values": (lambda f: f.create_array("/", "x", None), WrongType, "'x'"),
    "a name that is taken": (lambda f: f.create_array("/", "t", [1]), AlreadyExists, "'t'"),
    "a group that is none": (lambda f: f.create_array("/t", "x", [1]), WrongType, "/t"),
    "no such group": (lambda f: f.create_array("/no", "x", [1]), NodeNotFound, "'no'"),
    "an attribute of a group": (lambda f: setattr(f.root, "x", 3), InvalidArgument, "create_array"),
}  # fmt: skip
TABLES = {
    "no columns": (lambda f: f.create_table("/", "x", {}), InvalidArgument, "no columns"),
    "a column's name": (lambda f: f.create_table("/", "x", {"a/b": "f8"}), InvalidArgument, "a/b"),
    "a long text": (lambda f: f.root.t.append([(1, b"long text", (1, 2))]), InvalidArgument, "'s'"),
    "a short row": (lambda f: f.root.t.append([(1,)]), InvalidArgument, "1 values, for 3"),
    "one row": (lambda f: f.root.t.append((1, b"a", (1, 2))), WrongType, "one row"),
    "another type": (lambda f: f.root.t.append([("x", b"a", (1, 2))]), WrongType, "'a'"),
    "another shape": (lambda f: f.root.t.append([(1, b"a", (1,))]), InvalidArgument, "'v'"),
    "unknown column": (lambda f: f.root.t.row["z"], ColumnNotFound, "a, s, v"),
    "unknown name": (lambda f: f.root.t.where("z > 1"), ColumnNotFound, "the columns are a, s, v"),
    "a part of a column": (lambda f: f.root.t.where("a.z > 1"), ColumnNotFound, "one column"),
    "text as a start": (lambda f: f.root.t.read_where("a > 1", start="x"), WrongType, "'x'"),
    "no step": (lambda f: f.root.t.read_where("a > 1", step=0), InvalidArgument, "step"),
    "backwards": (lambda f: f.root.t.iterrows(step=-1), InvalidArgument, "forwards"),
    "a row past the end": (lambda f: list(f.root.t.itersequence([0, 9])), OutOfRange, "9"),
    "a row of text": (lambda f: list(f.root.t.itersequence(["a"])), WrongType, "whole numbers"),
    "removed twice": (lambda f: f.root.t.remove_row(7), OutOfRange, "7"),
    "to no table": (lambda f: f.root.t.append_where(f.root.e, "a > 0"), WrongType, "table"),
    "columns of others": (lambda f: f.root.t.modify_column(colname="z"), ColumnNotFound, "z"),
    "many for few": (lambda f: f.root.t.modify_rows(5, 6, 1, [(1, b"", (1, 2))]), InvalidArgument, "2"),
}  # fmt: skip
NODES = {
    "no node": (lambda f: f.get_node(3), WrongType, "3"),
    "a link to nothing": (lambda f: f.create_soft_link("/", "x", ""), InvalidArgument, "target"),
    "a link to a number": (lambda f: f.create_soft_link("/", "x", 3), WrongType, "target"),
    "no other file": (lambda f: f.create_external_link("/", "x", "a"), InvalidArgument, "'a'"),
    "an attribute's name": (lambda f: setitem(f.root._v_attrs, 3, 1), WrongType, "3"),
    "an attribute": (lambda f: setitem(f.root._v_attrs, "x", object()), WrongType, "object"),
    "what is behind a link": (lambda f: f.root.nowhere[:], WrongType, "nope"),
    "a shape behind a link": (lambda f: f.root.nowhere.shape, NodeNotFound, "nope"),
    "into itself": (lambda f: f.move_node("/g", "/g", "h"), InvalidArgument, "into itself"),
    "no file": (lambda f: filenode.open_node(f.root.t), WrongType, "no file"),
    "nothing as a file": (lambda f: filenode.open_node(3), WrongType, "3"),
    "bytes in an encoding": (lambda f: _opened(f, "r", encoding="utf8"), InvalidArgument, "text"),
    "no encoding": (lambda f: _opened(f, "rt", encoding="nope"), InvalidArgument, "nope"),
    "no line end": (lambda f: _opened(f, "rt", newline="x"), InvalidArgument, "newline"),
    "a file that is there": (lambda f: _opened(f, "x"), AlreadyExists, "file"),
    "a mode": (lambda f: _new(f, mode="zz"), InvalidArgument, "zz"),
    "a mode of nothing": (lambda f: _opened(f, None), InvalidArgument, "None"),
    "a file's title": (lambda f: _new(f, title=3), WrongType, "title"),
    "a file's filters": (lambda f: _new(f, filters=5), WrongType, "Filters"),
    "a packed file's name": (lambda f: _new(f, name="../x", packed=True), InvalidArgument, "'..'"),
}  # fmt: skip
CASES = ARRAYS | TABLES | NODES


def _carray(file, **given):
    wanted = {"atom": "f4", "shape": (4, 4)} | given
    return file.create_carray("/", "x", **wanted)


def _earray(file, **given):
    wanted = {"atom": "f4", "shape": (0, 3)} | given
    return file.create_earray("/", "x", **wanted)


def _opened(file, mode, **given):
    return filenode.open_node(file.root.file, mode, **given)


def _new(file, **given):
    return filenode.new_node(
        file, **({"where": "/new", "name": "x", "createparents": True} | given)
    )


@pytest.mark.parametrize("case", CASES)
def test_one_clear_error_and_nothing_changed(file, case):
    work, error, words = CASES[case]
    file.flush()
    before = list(tt.dump(file.root, attributes=True, data=True))
    with pytest.raises(error, match=words) as caught:
        work(file)
    assert isinstance(caught.value, LongtakeError)
    assert list(tt.dump(file.root, attributes=True, data=True)) == before


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"filename": 3}, WrongType),
        ({"filename": ""}, InvalidArgument),
        ({"filename": "a\0.h5"}, InvalidArgument),
        ({"mode": "rw"}, InvalidArgument),
        ({"title": 3}, WrongType),
        ({"filters": 3}, WrongType),
    ],
)
def test_a_file_that_cannot_be_opened_so(tmp_path, monkeypatch, given, error):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        tt.open_file(**({"filename": "a.h5", "mode": "w"} | given))
    assert isinstance(caught.value, LongtakeError)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_leaves_no_half_array(file, monkeypatch):
    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("longtake.tree.stored_values.StoredValues.write", fails)
    for make in (
        lambda: _carray(file, obj=np.ones((4, 4))),
        lambda: _earray(file, obj=np.ones((4, 3))),
        lambda: file.create_table("/", "x", obj=np.zeros(3, ROW)),
    ):
        with pytest.raises(LongtakeError, match="No space left"):
            make()
        assert "x" not in file.root


def test_rows_are_changed_while_they_are_gone_through(file):
    table = file.root.t
    for row in table.where("a > 0"):
        row["a"] += 10
        row["s"] = "é"
        assert row[:2] == (row["a"], "é".encode())
        row.update()
    assert table.col("a").tolist() == [11, 12]
    assert table.col("s").tolist() == ["é".encode()] * 2
    assert table.col("v").tolist() == [[1, 2], [3, 4]]
    first = next(iter(table))
    for name, value, error in (
        ("z", 1, ColumnNotFound),
        ("a", 1.5, InvalidArgument),
        ("a", 2**70, InvalidArgument),
        ("a", "x", WrongType),
        ("a", [1, 2], WrongType),
        ("s", "too long", InvalidArgument),
    ):
        with pytest.raises(error, match=repr(name)):
            first[name] = value
    first.update()
    assert table[0].tolist()[:2] == (11, "é".encode())
    assert first.fetch_all_fields() == table[0]


def test_a_table_like_another(file):
    made = file.create_table("/", "like", file.root.t.description)
    assert made.dtype == file.root.t.dtype
