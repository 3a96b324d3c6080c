"""Many small files in three datasets: like a dict, and as any HDF5 program reads them."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tracemalloc

import h5py
import numpy as np
import pytest
import tables
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    Closed,
    DamagedFile,
    FileChangedElsewhere,
    InvalidArgument,
    NoPermission,
    WriteFailed,
    WrongType,
)
from longtake.recording.recover import recover
from longtake.tree import filenode
from longtake.tree.missing import NodeNotFound, PackedFileNotFound


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.fixture
def h5(path):
    with tt.open_file(path, "w") as h5:
        yield h5


@pytest.fixture
def files(h5):
    return filenode.create_packed(h5, "/", "p")


NAMES = st.sampled_from(["a", "b", "c/b", "é 日本", "d", "e", "f", "g" * 300])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), NAMES, st.binary(max_size=80)),
        st.tuples(st.just("del"), NAMES),
        st.tuples(st.just("get"), NAMES),
        st.tuples(st.just("flush")),
        st.tuples(st.just("reopen")),
    ),
    max_size=40,
)


@settings(max_examples=100)
@given(operations=OPERATIONS, buffer=st.sampled_from([1, 100, 10**6]), recent=st.integers(0, 4))
def test_they_do_what_a_dict_does(tmp_path_factory, operations, buffer, recent):
    path = tmp_path_factory.mktemp("packed") / "a.h5"
    expected: dict[str, bytes] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("longtake.tree.files.packed_files._BUFFER", buffer)
        patch.setattr("longtake.tree.files.packed_index._MOST_RECENT", recent)
        h5 = tt.open_file(path, "w")
        files = filenode.create_packed(h5, "/", "p")
        for what, *given_ in operations:
            if what == "set":
                name, content = given_
                files[name] = content
                expected.pop(name, None)  # what is replaced moves to the end
                expected[name] = content
            elif what == "del":
                assert (given_[0] in files) == (given_[0] in expected)
                if given_[0] in expected:
                    del files[given_[0]], expected[given_[0]]
            elif what == "get":
                assert files.get(given_[0]) == expected.get(given_[0])
            elif what == "flush":
                h5.flush()
            else:
                h5.close()
                h5 = tt.open_file(path, "a")
                files = filenode.open_packed(h5.root.p)
            assert len(files) == len(expected)
        assert list(files.items()) == list(expected.items())
        h5.close()
        with tt.open_file(path) as again:
            read = filenode.open_packed(again.root.p)
            assert list(read.items()) == list(expected.items())
            for name in reversed(expected):
                assert read[name] == expected[name]
                assert read.size(name) == len(expected[name])
    assert by_h5py_alone(path) == expected


def by_h5py_alone(path):
    with h5py.File(path) as h5:
        group = h5["p"]
        names, data, index = group["names"][:], group["data"], group["index"][:]
        found, start = {}, 0
        for row in index:
            name = names[start : row["name_end"]].tobytes().decode()
            start = row["name_end"]
            found.pop(name, None)
            if row["checksum"] != 0:
                content = data[row["start_index"] : row["end_index"]].tobytes()
                assert xxhash.xxh3_64_intdigest(content) == row["checksum"]
                found[name] = content
    return found


def test_pytables_shows_them(path, h5, files):
    files["a"] = b"content"
    h5.close()
    with tables.open_file(path) as other:
        assert other.root.p._v_attrs.NODE_TYPE == "packed files"
        assert other.root.p.index[0]["end_index"] == 7
        assert other.root.p.data[:].tobytes() == b"content"


def test_a_file_is_there_at_once_and_in_the_file_after_a_flush(h5, files):
    files["a"] = b"content"
    assert files["a"] == b"content"
    assert len(h5.root.p.index) == 0
    h5.flush()
    assert len(h5.root.p.index) == 1
    files["b"] = np.arange(3, dtype="u1")
    assert (files["a"], files["b"]) == (b"content", b"\0\1\2")


def test_it_is_one_object(h5, files):
    assert filenode.open_packed(h5.root.p) is files
    assert files.node._v_pathname == "/p"
    assert repr(files) == "<PackedFiles /p: 0 files>"


def test_both_kinds_of_files_read_alike(h5):
    for where, packed in (("/packed/here", True), ("/plain/here", False)):
        with filenode.new_node(
            h5, where=where, name="a", packed=packed, createparents=True
        ) as file:
            file.write(b"one\r\ntwo\n")
            file.seek(0)
            assert file.read(3) == b"one"
            assert file.node._v_pathname.startswith(where)
        with pytest.raises(AlreadyExists):
            filenode.new_node(h5, where=where, name="a")
        group = h5.get_node(where)
        with filenode.open_node(group, name="a") as file:
            assert file.readlines() == [b"one\r\n", b"two\n"]
            with pytest.raises(io.UnsupportedOperation):
                file.write(b"x")
            assert file.attrs.VERSION
        with filenode.open_node(group, "rt", name="a") as file:
            assert file.readlines() == ["one\n", "two\n"]
        with filenode.open_node(group, "r+", name="a") as file:
            file.seek(3)
            file.write(b"!")
            file.truncate(6)
        with filenode.open_node(group, "at", name="a", encoding="latin-1") as file:
            file.write("é")
        assert filenode.open_node(group, name="a").read() == b"one!\nt\xe9"
        with (
            filenode.open_node(group, "w", name="a") as file,
            pytest.raises(io.UnsupportedOperation),
        ):
            file.read()
        assert filenode.open_node(group, name="a").read() == b""
        with pytest.raises(KeyError):
            filenode.open_node(group, name="b")
        with pytest.raises(KeyError):
            filenode.open_node(group, "w", name="b")
    with filenode.new_node(h5, where="/packed/here", name="b/c") as file:
        file.write(b"packed too")
    assert list(filenode.open_packed(h5.root.packed.here)) == ["a", "b/c"]


def test_modes_of_open(files):
    files.open("a", "x").close()
    with pytest.raises(AlreadyExists):
        files.open("a", "x")
    with files.open("a", "a+") as file:
        file.write(b"12")
        file.seek(0)
        assert file.read() == b"12"
        file.write(b"3")
    with files.open("new", "a") as file:
        file.write(b"4")
    assert (files["a"], files["new"]) == (b"123", b"4")
    with pytest.raises(PackedFileNotFound):
        files.open("none")
    with pytest.raises(FileNotFoundError):
        files.open("none", "r+")
    with pytest.raises(InvalidArgument, match="mode"):
        files.open("a", "q")
    before = files.node._h5["index"].shape, len(files._index.rows)
    files.open("a", "r+").close()  # nothing was changed, and nothing is written
    assert (files.node._h5["index"].shape, len(files._index.rows)) == before


@pytest.mark.parametrize("name", ["", "/", "/a", "a//b", "..", "a/../b", "./a", "a\0", "\ud800"])
def test_names_that_are_no_paths(files, name):
    with pytest.raises(InvalidArgument):
        files[name] = b""
    assert name not in files
    with pytest.raises(KeyError):
        files[name]
    assert len(files) == 0


def test_what_is_refused(path, h5, files):
    with pytest.raises(WrongType):
        files[5] = b""  # pyright: ignore
    for content in ("text", 5, None, [b"x"]):
        with pytest.raises(WrongType):
            files["a"] = content  # pyright: ignore
    with pytest.raises(InvalidArgument, match="folder"):
        files["a/"] = b"content"
    with pytest.raises(AlreadyExists):
        filenode.create_packed(h5, "/", "p")
    with pytest.raises(WrongType, match="group of their own"):
        filenode.create_packed(h5, "/")
    with pytest.raises(WrongType, match="no group of packed files"):
        filenode.open_packed(h5.root)
    with pytest.raises(InvalidArgument, match="no title"):
        filenode.new_node(h5, where="/p", name="a", title="A title")
    assert len(files) == 0
    h5.close()
    with pytest.raises(Closed):
        files["a"]
    with pytest.raises(Closed):
        files["a"] = b""
    with tt.open_file(path) as again:
        read = filenode.open_packed(again.root.p)
        for write in (
            lambda: read.update(a=b""),
            lambda: read.open("a", "w"),
            lambda: read.clear() or read.__delitem__("a"),
            lambda: filenode.new_node(again, where="/p", name="a"),
        ):
            with pytest.raises(NoPermission):
                write()


def test_moved_and_removed(h5, files):
    files["a"] = b"content"
    h5.move_node("/p", "/", "q")
    files["b"] = b"later"
    again = filenode.open_packed(h5.root.q)
    assert (again["a"], again["b"]) == (b"content", b"later")
    h5.copy_node("/q", "/", "r")
    assert filenode.open_packed(h5.root.r)["a"] == b"content"
    h5.remove_node("/q", recursive=True)
    with pytest.raises(Closed):
        again["a"]


def test_a_group_that_two_paths_lead_to_is_not_damaged(h5, files):
    h5.root._h5["other"] = h5.root.p._h5
    other = filenode.open_packed(h5.root.other)
    files["a"] = b"one"
    files.flush()
    other["a"] = b"two"
    with pytest.raises(FileChangedElsewhere):
        other.flush()
    assert files["a"] == b"one"
    del h5._tree.waiting["/other"]


def test_a_full_disk_loses_nothing_that_waits(h5, files, monkeypatch):
    files["a"] = b"content"

    def fails(*_):
        raise WriteFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(files._data._index, "_append", fails)
        with pytest.raises(WriteFailed):
            h5.flush()
    assert files["a"] == b"content"
    h5.flush()
    assert files["a"] == b"content"
    assert h5.root.p.data[:].tobytes() == b"content"


def test_a_row_is_written_once_its_content_is_on_the_disk(h5, files, monkeypatch):
    """Else, what is left of a crash could have files without their content."""
    done, flush, append = [], h5._tree.h5.flush, files._data._index._append

    def flushed():
        flush()
        done.append((h5.root.p.data.nrows, h5.root.p.names.nrows, h5.root.p.index.nrows))

    def appended(rows):
        append(rows)
        done.append("rows")

    monkeypatch.setattr(h5._tree.h5, "flush", flushed)
    monkeypatch.setattr(files._data._index, "_append", appended)
    files["a"] = b"content"
    files.flush()
    assert done == [(7, 1, 0), "rows"]


def test_there_and_back_with_empty_folders(tmp_path, h5):
    folder = tmp_path / "from"
    (folder / "empty" / "in it").mkdir(parents=True)
    (folder / "sub").mkdir()
    for name in ("a", "sub/b with é", "sub/c"):
        (folder / name).write_bytes(name.encode())
        os.utime(folder / name, ns=(5, 10**18 + 3))
    told = []
    copied = filenode.import_folder(
        h5, "/x/y", folder, packed=True, progress=lambda copied: told.append(copied.files)
    )
    assert (copied.files, copied.bytes, copied.folders) == (3, 19, 3)
    assert told[-1] == 3
    files = filenode.open_packed(h5.root.x.y)
    assert set(files) == {"a", "sub/b with é", "sub/c", "empty/in it/"}
    assert files.modified("a") == 10**18 + 3
    again = filenode.import_folder(h5, "/x/y", folder)
    assert (again.files, again.kept) == (0, 3)
    assert len(files) == 4
    for node in (h5.root.x.y, h5.root):
        to = tmp_path / node._v_name.strip("/")
        back = filenode.export_folder(node, to)
        assert (back.files, back.bytes) == (copied.files, copied.bytes)
        assert back.folders == copied.folders + 2 * (node is h5.root)
        to = to if node is not h5.root else to / "x" / "y"
        assert (to / "sub" / "b with é").read_bytes() == "sub/b with é".encode()
        assert (to / "a").stat().st_mtime_ns == 10**18 + 3
        assert (to / "empty" / "in it").is_dir()
    (folder / "a").write_bytes(b"changed")
    (folder / "new").write_bytes(b"")
    with pytest.raises(AlreadyExists):
        filenode.import_folder(h5, "/x/y", folder)
    assert len(files) == 4
    with pytest.raises(WrongType, match="group of their own"):
        filenode.import_folder(h5, "/x", folder, packed=True)
    with pytest.raises(WrongType, match="holds packed files"):
        filenode.import_folder(h5, "/x/y/z", folder)


def test_an_empty_file_can_become_packed_as_a_whole(tmp_path, h5):
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "a").write_text("content")
    filenode.import_folder(h5, "/", tmp_path / "from", packed=True)
    assert filenode.open_packed(h5.root)["a"] == b"content"


def test_a_file_too_large_to_be_packed(tmp_path, h5):
    (tmp_path / "from").mkdir()
    with (tmp_path / "from" / "large").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(InvalidArgument, match="not packed"):
        filenode.import_folder(h5, "/p", tmp_path / "from", packed=True)
    assert "p" not in h5.root


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a//b"])
def test_names_that_lead_out_are_not_exported(tmp_path, h5, files, monkeypatch, name):
    monkeypatch.setattr("longtake.tree.files.packed_files.require_path", lambda _: None)
    files[name] = b"evil"
    with pytest.raises(InvalidArgument, match="no name there"):
        filenode.export_folder(h5.root.p, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_file_that_is_a_folder_too(h5, files):
    files["0"], files["a/b.txt"] = b"0", b"1"
    for name in ("a/b.txt/c", "a/b.txt/c/d", "a/b.txt/"):
        with pytest.raises(NotADirectoryError, match="is a file"):
            files[name] = b""
        with pytest.raises(NotADirectoryError):
            files.open(name, "w")
    for write in (files.__setitem__, lambda name, _: files.open(name, "w")):
        with pytest.raises(IsADirectoryError, match="is a folder"):
            write("a", b"2")
    assert list(files) == ["0", "a/b.txt"]
    files["a/b.txt"] = b"again"
    h5.flush()
    del files["a/b.txt"]
    files["a"] = b"2"
    files["d/"] = b""
    with pytest.raises(IsADirectoryError):
        files["d"] = b""
    files["d/e"] = b""
    assert list(files) == ["0", "a", "d/", "d/e"]


@pytest.mark.parametrize("other", ["aa", "a/", "a/b", "a/b/c"])
def test_one_from_elsewhere_is_not_exported(tmp_path, h5, files, monkeypatch, other):
    files["0"], files["a"] = b"0", b"1"
    with monkeypatch.context() as patch:
        patch.setattr(type(files), "require_place", lambda *_: None)
        files[other] = b""
    if other == "aa":
        assert filenode.export_folder(h5.root, tmp_path / "to").files == 3
        return
    with pytest.raises(DamagedFile, match="a file and a folder"):
        filenode.export_folder(h5.root, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("name", ["a/b", "a"])
def test_a_folder_that_is_a_file_there_is_not_imported(tmp_path, h5, files, name):
    files[name] = b"1"
    other = tmp_path / "from" / "a" / ("b/c" if name == "a/b" else "c")
    other.parent.mkdir(parents=True)
    other.write_text("content")
    (tmp_path / "from" / "0").write_text("content")
    with pytest.raises(NotADirectoryError):
        filenode.import_folder(h5, "/p", tmp_path / "from")
    assert list(files) == [name]


def test_folders_of_files_that_were_there(path, h5, files):
    files["a/b"] = b"1"
    h5.close()
    with tt.open_file(path, "a") as again:
        files = filenode.open_packed(again.root.p)
        with pytest.raises(IsADirectoryError):
            files["a"] = b""


def test_text_is_to_be_encoded(files):
    with pytest.raises(WrongType, match="encode the text"):
        files["x"] = "text"  # pyright: ignore


def test_filters(h5):
    files = filenode.create_packed(h5, "/", "p", filters=tt.Filters(3, "blosc2:zstd"))
    for number in range(2000):
        files[f"{number}"] = b"the same again " * 40
    h5.flush()
    assert h5.root.p.data.filters.complib == "blosc2:zstd"
    assert h5.root.p.data.size_on_disk < 100_000
    assert files["1234"] == b"the same again " * 40


def damaged(path, change):
    with h5py.File(path, "a") as h5:
        change(h5["p"])
    return tt.open_file(path)


def with_rows(**changes):
    def change(group):
        rows = group["index"][:]
        for name, value in changes.items():
            rows[name][0] = value
        group["index"][...] = rows

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_rows(end_index=2**63),
        with_rows(end_index=2**64 - 1, start_index=2**64 - 2),
        with_rows(start_index=7, end_index=3),
        with_rows(end_index=50),
        with_rows(start_index=1, end_index=8),
        with_rows(checksum=5),
        lambda group: group["data"].resize((3,)),
    ],
)
def test_what_lies_about_a_file_is_refused(path, h5, files, change):
    files["a"], files["b"] = b"content", b""
    h5.close()
    with damaged(path, change) as again:
        read = filenode.open_packed(again.root.p)
        assert list(read) == ["a", "b"]
        with pytest.raises(DamagedFile):
            read["a"]
    with tt.open_file(path, "a") as again:
        files = filenode.open_packed(again.root.p)
        files["c"] = b"new"
        assert files["c"] == b"new"
        again.flush()
        assert files["c"] == b"new"


def without(name, *new):
    def change(group):
        del group[name]
        if new:
            group.create_dataset(name, **new[0])

    return change


def marked(version):
    def change(group):
        group.attrs["NODE_TYPE_VERSION"] = version

    return change


UNLIMITED = {"maxshape": (None,), "chunks": (100,)}


@pytest.mark.parametrize(
    "change",
    [
        with_rows(name_end=100),
        with_rows(name_end=2**64 - 1),
        lambda group: group["names"].resize((1,)),
        lambda group: group["names"].resize((2**50,)) or with_rows(name_end=2**50)(group),
        lambda group: group["index"].resize((2**50,)),
        without("data"),
        without("names"),
        without("index"),
        without("data", {"data": np.zeros(3, "f8"), **UNLIMITED}),
        without("data", {"data": np.zeros(3, "u1")}),
        without("index", {"data": np.zeros(3, "u1"), **UNLIMITED}),
        without("index", {"data": np.zeros(3, "u1,u8"), **UNLIMITED}),
        lambda group: group.move("names", "n") or group.__setitem__("names", h5py.SoftLink("n")),
        marked(2),
        marked("one"),
        marked([1, 1]),
    ],
)
def test_what_are_no_packed_files_is_refused(path, h5, files, change):
    files["a"], files["b"] = b"content", b""
    h5.close()
    with damaged(path, change) as again, pytest.raises((DamagedFile, InvalidArgument)):
        filenode.open_packed(again.root.p)


def test_what_claims_more_than_the_file_has_is_refused(path, h5, files):
    files["a"] = b"content"
    h5.close()

    def change(group):
        group["data"].resize((2**60,))
        with_rows(end_index=2**60)(group)

    with damaged(path, change) as again, pytest.raises(DamagedFile, match="whole file"):
        filenode.open_packed(again.root.p)["a"]


def zeros(group):
    """Rows of zeros, which take no room in a file, where they are compressed."""
    for name, dtype, size in (("index", group["index"].dtype, 6_000_000), ("names", "u1", 10**8)):
        del group[name]
        made = group.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(65536,))
        made.resize((size,))


def rows_of_nul(group):
    rows = np.zeros(1000, group["index"].dtype)
    rows["name_end"] = np.arange(1, 1001)
    for name, values in (("index", rows), ("names", np.zeros(1000, "u1"))):
        del group[name]
        group.create_dataset(name, data=values, maxshape=(None,), chunks=(1000,))


def more_rows_than_names(group):
    group["index"].resize((6_000_000,))


def large_chunks(group):
    rows = group["index"][:]
    del group["index"]
    many = {"maxshape": (None,), "chunks": (5_000_000,), "compression": "gzip"}
    group.create_dataset("index", data=rows, **many)


@pytest.mark.parametrize("change", [zeros, rows_of_nul, more_rows_than_names, large_chunks])
def test_an_index_that_is_impossible_is_refused_before_it_is_read(path, h5, files, change):
    files["a"], files["b"] = b"content", b""
    h5.close()
    tracemalloc.start()
    try:
        with damaged(path, change) as again:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises(DamagedFile):
                filenode.open_packed(again.root.p)
            read = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert read < 20_000_000


def test_names_that_are_no_text_can_be_read(path, h5, files):
    files["abc"] = b"content"
    h5.close()

    def change(group):
        group["names"][1] = 0xFF

    with damaged(path, change) as again:
        read = filenode.open_packed(again.root.p)
        (name,) = read
        assert read[name] == b"content"
        with pytest.raises(NodeNotFound):
            again.root.p["abc"]


def test_what_a_crash_left_behind_the_index_is_written_over(path, h5, files):
    files["a"] = b"content"
    h5.close()
    with h5py.File(path, "a") as other:
        for name in ("data", "names"):
            other["p"][name].resize((1000,))
    with tt.open_file(path, "a") as again:
        files = filenode.open_packed(again.root.p)
        files["b"] = b"more"
        again.flush()
        assert dict(files) == {"a": b"content", "b": b"more"}
    assert by_h5py_alone(path) == {"a": b"content", "b": b"more"}


KILLED = """
import os, signal, sys
import longtake.tree as tt
from longtake.tree import filenode
h5 = tt.open_file(sys.argv[1], "w")
files = filenode.create_packed(h5, "/", "p")
for number in range(2000):
    files[f"{number:04d}"] = f"content {number}".encode() * 50
    if number == 999:
        h5.flush()
    if number % 100 == 0:
        files.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_between_flushes_leaves_what_was_flushed(path):
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(DamagedFile, match="longtake recover"):
        tt.open_file(path)
    recover(path, in_place=True)
    with tt.open_file(path) as again:
        read = filenode.open_packed(again.root.p)
        assert len(read) >= 1000
        for number, (name, content) in enumerate(read.items()):
            assert name == f"{number:04d}"
            assert content == f"content {number}".encode() * 50
