"""The files in an HDF5 file by fsspec: URLs, listings, reading, writing, and what others change."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import fsspec
import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import longtake.tree as tt
from longtake.errors import (
    DamagedFile,
    FileChangedElsewhere,
    FileInUse,
    InvalidArgument,
    NotFound,
    WriteFailed,
    WrongType,
)
from longtake.tree import filenode
from longtake.tree.files.file_system_errors import FolderNotEmpty
from longtake.tree.files.node_file_system import NodeFileSystem
from longtake.tree.files.packed_data import PackedData


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["plain", "packed"])
def top(request, here):
    """A folder of each kind."""
    with tt.open_file("a.h5", "w") as h5:
        h5.create_group("/", "plain")
        filenode.create_packed(h5, "/", "packed")
    return f"/{request.param}"


@pytest.fixture
def fs(here):
    return fsspec.filesystem("longtake", h5="a.h5")


def test_it_is_found_by_its_name(fs):
    assert isinstance(fs, NodeFileSystem)
    assert fsspec.get_filesystem_class("longtake") is NodeFileSystem


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("inside", ["/a.csv", "/table folder/été 日本.csv", "/a/b/c.csv"])
def test_urls(here, is_absolute, inside):
    file = str(here / "ein Ördner" / "a b.h5") if is_absolute else "ein Ördner/a b.h5"
    (here / "ein Ördner").mkdir()
    url = f"longtake://{file}::{inside}"
    table = pd.DataFrame({"x": [1, 2], "name": ["Zoë", "b"]})
    table.to_csv(url, index=False)
    pd.testing.assert_frame_equal(pd.read_csv(url), table)
    with fsspec.open(url, "rb") as opened:
        assert opened.read() == table.to_csv(index=False).encode()
    fs, path = fsspec.url_to_fs(url)
    assert fs.cat(path) == table.to_csv(index=False).encode()
    assert fs.find("/") == [inside]
    assert fs.unstrip_protocol(path) == f"longtake://{here / 'ein Ördner' / 'a b.h5'}::{inside}"
    assert fs.cat(fs.unstrip_protocol(path)) == fs.cat(inside)
    with tt.open_file(file) as h5:
        assert filenode.open_node(h5.get_node(inside)).read() == fs.cat(path)


def test_urls_of_folders_and_patterns(fs):
    for name in ("a.csv", "b.csv", "c.txt"):
        fs.pipe(f"/t/{name}", name.encode())
    folder, path = fsspec.url_to_fs("longtake://a.h5::/t")
    assert folder.ls(path, detail=False) == ["/t/a.csv", "/t/b.csv", "/t/c.txt"]
    opened = fsspec.open_files("longtake://a.h5::/t/*.csv")
    assert [file.path for file in opened] == ["/t/a.csv", "/t/b.csv"]
    with opened as files:
        assert [file.read() for file in files] == [b"a.csv", b"b.csv"]
    root, path = fsspec.url_to_fs("longtake://a.h5")
    assert root.ls(path, detail=False) == ["/t"]
    with fsspec.open("longtake://a.h5::/t/c.txt", "rt") as file:
        assert file.read() == "c.txt"


def test_urls_that_were_meant_otherwise_are_refused(here, fs, monkeypatch):
    fs.pipe("/a.csv", b"1")
    with pytest.raises(InvalidArgument, match="begins with '/'"):
        fsspec.open("longtake://a.h5::a.csv", "rb")
    for wrong in ("longtake://a.h5/a.csv", f"longtake://{here}/a.h5/b/c.csv"):
        with pytest.raises(InvalidArgument, match=rf"longtake://{here}/a\.h5::/(a|b/c)\.csv"):
            pd.read_csv(wrong)
    with monkeypatch.context() as patch:
        patch.chdir("/")
        with pytest.raises(InvalidArgument, match="comes first"):
            fsspec.open(f"longtake://{here}/none.h5::{here}/a.h5", "rb")
    with pytest.raises(InvalidArgument, match="nothing of 'memory'"):
        fsspec.open("longtake://a.h5::memory://a.csv", "rb")
    with pytest.raises(InvalidArgument, match="which HDF5 file"):
        fsspec.filesystem("longtake")
    with pytest.raises(InvalidArgument, match="another HDF5 file"):
        fs.cat("longtake://b.h5::/a.csv")
    assert list(here.iterdir()) == [here / "a.h5"]


def test_listings(fs, top):
    fs.pipe({f"{top}/{name}": name.encode() for name in ("a", "sub/b", "sub/deep/c")})
    fs.makedirs(f"{top}/empty/in it")
    assert fs.ls(top, detail=False) == [f"{top}/a", f"{top}/empty", f"{top}/sub"]
    assert {(i["name"], i["type"], i["size"]) for i in fs.ls(f"{top}/sub")} == {
        (f"{top}/sub/b", "file", 5),
        (f"{top}/sub/deep", "directory", 0),
    }
    assert fs.find(top) == [f"{top}/{name}" for name in ("a", "sub/b", "sub/deep/c")]
    assert fs.find(top, withdirs=True, maxdepth=1) == [
        top,
        f"{top}/a",
        f"{top}/empty",
        f"{top}/sub",
    ]
    assert fs.glob(f"{top}/**/[bc]") == [f"{top}/sub/b", f"{top}/sub/deep/c"]
    assert [(d, sorted(f)) for d, _, f in fs.walk(f"{top}/sub")] == [
        (f"{top}/sub", ["b"]),
        (f"{top}/sub/deep", ["c"]),
    ]
    assert fs.ls(f"{top}/a", detail=False) == [f"{top}/a"]
    assert fs.info(f"{top}/sub/deep/c")["size"] == 10
    assert fs.du(top) == 16
    assert fs.isdir(f"{top}/empty/in it")
    assert fs.isfile(f"{top}/a")
    assert not fs.exists(f"{top}/none")
    assert not fs.exists(f"{top}/su")
    assert fs.ls("/", detail=False) == ["/packed", "/plain"]
    for path in (f"{top}/none", f"{top}/a/none"):
        for ask in (fs.ls, fs.info, fs.cat, fs.rm_file):
            with pytest.raises(FileNotFoundError):
                ask(path)


def test_a_group_that_many_links_lead_to_is_found_once(fs):
    fs.pipe("/g0/file", b"1")
    with tt.open_file("a.h5", "a") as h5:
        inside = h5.root.g0
        for number in range(1, 19):  # each doubles the paths
            made = h5.create_group("/", f"g{number}")
            made._h5["a"] = made._h5["b"] = inside._h5
            inside = made
        packed = filenode.create_packed(h5, "/", "packed")
        packed["x"] = b"2"
        h5.root._h5["packed too"] = h5.root.packed._h5
        h5.root._h5["z"] = h5.root._h5
    found = fs.find("/g18")
    assert found == ["/g18" + "/a" * 18 + "/file"]
    assert len(fs.find("/", withdirs=True)) == 1 + 19 + 1 + 2
    assert [file for file in fs.find("/") if file.startswith("/packed")] == ["/packed/x"]
    assert fs.du("/") == 2


def test_all_is_listed_by_few_openings(fs, top, monkeypatch):
    for number in range(30):
        fs.pipe(f"{top}/{number % 3}/{number}", bytes(number))
    opened = []
    briefly_open = fs._reading

    def counted():
        opened.append(1)
        return briefly_open()

    monkeypatch.setattr(fs, "_reading", counted)
    assert len(fs.find(top)) == 30
    assert fs.du(top) == sum(range(30))
    assert len(list(fs.walk(top))) == 4
    assert len(opened) == 3


def test_walks(fs, top):
    fs.pipe({f"{top}/{name}": name.encode() for name in ("a", "sub/b", "sub/deep/c", "z/d")})
    fs.makedirs(f"{top}/empty/in it")
    everything = [
        (top, ["empty", "sub", "z"], ["a"]),
        (f"{top}/empty", ["in it"], []),
        (f"{top}/empty/in it", [], []),
        (f"{top}/sub", ["deep"], ["b"]),
        (f"{top}/sub/deep", [], ["c"]),
        (f"{top}/z", [], ["d"]),
    ]
    assert list(fs.walk(top)) == everything
    assert sorted(fs.walk(top, topdown=False)) == everything
    paths = [path for path, _, _ in fs.walk(top, topdown=False)]
    assert paths.index(f"{top}/sub/deep") < paths.index(f"{top}/sub") < paths.index(top)
    assert list(fs.walk(top, maxdepth=1)) == everything[:1]
    assert [path for path, _, _ in fs.walk(top, maxdepth=2)] == [
        path for path, _, _ in everything if path.count("/") < 3
    ]
    assert list(fs.walk(f"{top}/sub")) == everything[3:5]
    assert list(fs.walk(f"{top}/a")) == [(f"{top}/a", [], [""])]
    seen = []
    for path, folders, _ in fs.walk(top):
        folders[:] = [name for name in folders if name != "sub"]
        seen.append(path)
    assert seen == [top, f"{top}/empty", f"{top}/empty/in it", f"{top}/z"]
    assert fs.du(top, total=False) == {
        f"{top}/a": 1,
        f"{top}/sub/b": 5,
        f"{top}/sub/deep/c": 10,
        f"{top}/z/d": 3,
    }
    assert fs.du(f"{top}/sub/b") == 5
    assert fs.find(f"{top}/sub/b") == [f"{top}/sub/b"]
    assert list(fs.walk(f"{top}/none")) == []
    errors = []
    assert list(fs.walk(f"{top}/none", on_error=errors.append)) == []
    assert len(errors) == 1
    with pytest.raises(FileNotFoundError):
        list(fs.walk(f"{top}/none", on_error="raise"))
    with pytest.raises(ValueError, match="maxdepth"):
        list(fs.walk(top, maxdepth=0))


def test_times(fs, top):
    fs.pipe(f"{top}/a", b"1")
    first = fs.modified(f"{top}/a")
    token = fs.ukey(f"{top}/a")
    fs.pipe(f"{top}/a", b"2")
    assert fs.modified(f"{top}/a") > first
    assert fs.ukey(f"{top}/a") != token


@pytest.mark.parametrize("size", [0, 10, 9_000_000])
def test_modes(fs, top, size):
    path, before = f"{top}/f", os.urandom(size)
    with fs.open(path, "xb") as file:
        file.write(before)
    with pytest.raises(FileExistsError):
        fs.open(path, "xb")
    with fs.open(path, "ab") as file:
        assert file.tell() == size
        file.seek(0)
        file.write(b"end")
    with fs.open(path, "r+b") as file:
        file.seek(size + 1)
        assert file.read() == b"nd"
        file.seek(0)
        file.write(b"!")
        file.truncate(size + 5)
    expected = (b"!" + (before + b"end")[1:]) + b"\0\0"
    assert fs.cat(path) == expected
    with fs.open(path) as file:
        assert file.seek(-4, io.SEEK_END) == size + 1
        assert file.read(2) == expected[-4:-2]
        with pytest.raises((io.UnsupportedOperation, ValueError, OSError)):
            file.write(b"x")
    assert fs.cat_file(path, -3, -1) == expected[-3:-1]
    assert fs.head(path, 2) == expected[:2]
    with fs.open(path, "wb") as file:
        with pytest.raises(io.UnsupportedOperation):
            file.read()
        file.write(b"new")
        assert fs.cat(path) == expected  # until it is closed
    assert fs.cat(path) == b"new"
    with fs.open(path, "a+") as file:
        file.write("é")
        file.seek(0)
        assert file.read() == "newé"
    with pytest.raises(InvalidArgument, match="mode"):
        fs.open(path, "q")
    with pytest.raises(ValueError, match="closed"):
        file.buffer.write(b"x")


def test_what_others_write_and_read(here, fs, top):
    picture = np.arange(48, dtype="u1").reshape(6, 8)
    with fs.open(f"{top}/p.png", "wb") as file:
        Image.fromarray(picture).save(file, "PNG")
    with fs.open(f"{top}/p.png") as file:
        assert (np.asarray(Image.open(file)) == picture).all()
    with fs.open(f"{top}/p.tif", "w+b") as file:
        Image.fromarray(picture).save(file, "TIFF")
    with fs.open(f"{top}/p.tif") as file:
        assert (np.asarray(Image.open(file)) == picture).all()
    with fs.open(f"{top}/a.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.txt", "content")
    with fs.open(f"{top}/a.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("inside.txt") == b"content"
    with fs.open(f"{top}/a.npy", "wb") as file:
        np.save(file, picture)
    with fs.open(f"{top}/a.npy") as file:
        assert (np.load(file, allow_pickle=False) == picture).all()
    table = pd.DataFrame({"x": [1.5, 2.5]})
    table.to_csv(f"longtake://a.h5::{top}/t.csv.gz", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(f"longtake://a.h5::{top}/t.csv.gz"), table)


def test_put_and_get(here, fs, top):
    (here / "from" / "sub").mkdir(parents=True)
    for name in ("a é", "sub/b"):
        (here / "from" / name).write_text(name)
    fs.put("from", f"{top}/copy", recursive=True)
    assert fs.find(top) == [f"{top}/copy/a é", f"{top}/copy/sub/b"]
    fs.get(f"{top}/copy", "to", recursive=True)
    assert (here / "to" / "sub" / "b").read_text() == "sub/b"
    assert (here / "to" / "a é").read_text() == "a é"
    fs.put_file("from/a é", f"{top}/one")
    fs.get_file(f"{top}/one", "one")
    assert (here / "one").read_text() == "a é"


def test_copying_moving_and_removing(fs, top):
    fs.pipe({f"{top}/{name}": name.encode() for name in ("a", "sub/b", "sub/deep/c")})
    fs.cp(f"{top}/a", f"{top}/copy of a")
    fs.cp(f"{top}/sub", f"{top}/sub2", recursive=True)
    assert fs.cat(f"{top}/sub2/deep/c") == b"sub/deep/c"
    fs.mv(f"{top}/a", f"{top}/moved")
    assert not fs.exists(f"{top}/a")
    assert fs.cat(f"{top}/moved") == b"a"
    fs.mv(f"{top}/moved", f"{top}/sub")
    assert fs.cat(f"{top}/sub/moved") == b"a"
    fs.mv(f"{top}/copy of a", f"{top}/sub/moved")
    with pytest.raises(IsADirectoryError):
        fs.mv(f"{top}/sub", f"{top}/sub3")
    with pytest.raises(InvalidArgument, match="into itself"):
        fs.mv(f"{top}/sub", f"{top}/sub/in it", recursive=True)
    fs.mv(f"{top}/sub", f"{top}/sub3", recursive=True)
    fs.mv(f"{top}/sub2/*", f"{top}/sub3/more/", recursive=True)
    assert fs.find(top) == [
        f"{top}/sub3/{name}" for name in ("b", "deep/c", "more/b", "more/deep/c", "moved")
    ]
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{top}/sub3")
    with pytest.raises(FolderNotEmpty):
        fs.rmdir(f"{top}/sub3")
    fs.rm(f"{top}/sub3/more", recursive=True)
    fs.rm([f"{top}/sub3/b", f"{top}/sub3/m*"])
    assert fs.find(top) == [f"{top}/sub3/deep/c"]
    fs.mkdir(f"{top}/empty")
    fs.rmdir(f"{top}/empty")
    assert not fs.exists(f"{top}/empty")
    with pytest.raises(NotADirectoryError):
        fs.rmdir(f"{top}/sub3/deep/c")
    fs.rm("/", recursive=True)
    assert fs.ls("/") == []


def test_between_the_kinds(fs, top):
    other = "/plain" if top == "/packed" else "/packed"
    fs.pipe(f"{top}/sub/a", b"1")
    fs.mv(f"{top}/sub/a", f"{other}/a")
    assert fs.find("/") == [f"{other}/a"]
    fs.pipe(f"{top}/sub/a", b"2")
    fs.mv(f"{top}/sub", f"{other}/sub", recursive=True)
    assert fs.find("/") == [f"{other}/a", f"{other}/sub/a"]


def test_folders_that_cannot_be_made_and_files_that_cannot_be_written(fs, top):
    fs.pipe(f"{top}/a", b"1")
    with pytest.raises(FileExistsError):
        fs.mkdir(top)
    with pytest.raises(FileExistsError):
        fs.makedirs("/")
    with pytest.raises(FileExistsError):
        fs.makedirs(f"{top}/a", exist_ok=True)
    fs.makedirs(top, exist_ok=True)
    with pytest.raises(FileNotFoundError):
        fs.mkdir(f"{top}/x/y", create_parents=False)
    for path in (f"{top}/a/b", f"{top}/a/b/c"):
        for write in (fs.mkdir, lambda path: fs.open(path, "wb")):
            with pytest.raises(NotADirectoryError):
                write(path)
    for path in ("/", top):
        with pytest.raises(IsADirectoryError):
            fs.open(path, "wb")
        with pytest.raises(IsADirectoryError):
            fs.open(path, "rb")
    for mode in ("rb", "r+b"):
        with pytest.raises(FileNotFoundError):
            fs.open(f"{top}/none", mode)
    for name in ("..", "a\0"):
        with pytest.raises(InvalidArgument):
            fs.open(f"{top}/x/{name}", "wb")
        with pytest.raises(InvalidArgument):
            fs.mkdir(f"{top}/{name}")
        with pytest.raises(FileNotFoundError):
            fs.open(f"{top}/{name}")
    with pytest.raises(InvalidArgument, match="maxdepth"):
        fs.rm(top, recursive=True, maxdepth=1)
    assert fs.find("/") == [f"{top}/a"]


def test_no_hdf5_file(here, fs):
    assert not fs.exists("/")
    for ask in (fs.ls, fs.info, fs.rmdir, lambda path: fs.rm(path, recursive=True)):
        with pytest.raises(FileNotFoundError):
            ask("/")
    for mode in ("rb", "r+b"):
        with pytest.raises(FileNotFoundError):
            fs.open("/a", mode)
    fs.makedirs("/", exist_ok=True)
    with pytest.raises(FileExistsError):
        fs.mkdir("/")
    with pytest.raises(NotFound, match="there is no folder"):
        fsspec.filesystem("longtake", h5="none/a.h5").open("/a", "wb")
    assert list(here.iterdir()) == []
    with fs.open("/a", "wb") as file:
        file.write(b"1")
        assert not Path("a.h5").exists()
    assert fs.cat("/a") == b"1"


def test_tables_and_links_are_not_lost(fs):
    fs.pipe("/g/file", b"1")
    with tt.open_file("a.h5", "a") as h5:
        h5.create_array("/g", "array", [1, 2])
        h5.create_soft_link("/", "link", "/g/file")
        h5.create_soft_link("/", "nowhere", "/none")
        h5.create_external_link("/", "outside", "b.h5:/x")
        h5.root.g._h5["circle"] = h5.root.g._h5
        h5.root.g._h5["top"] = h5.root._h5
    assert fs.find("/", withdirs=True) == ["/", "/g", "/g/file"]
    assert fs.info("/g/array")["type"] == "other"
    assert fs.cat("/link") == b"1"
    fs.pipe("/link", b"through the link")
    assert fs.cat("/g/file") == b"through the link"
    with pytest.raises(WrongType):
        fs.cat("/g/array")
    for path in ("/g/array", "/nowhere", "/outside"):
        with pytest.raises(FileExistsError):
            fs.open(path, "wb")
        with pytest.raises(NotADirectoryError):
            fs.open(f"{path}/x", "wb")
    for remove in (fs.rmdir, lambda path: fs.rm(path, recursive=True)):
        with pytest.raises(FolderNotEmpty, match="no file"):
            remove("/g")
    with pytest.raises(FolderNotEmpty):
        fs.rm_file("/g/array")
    with tt.open_file("a.h5", "a") as h5:
        filenode.create_packed(h5, "/", "packed")
    with pytest.raises(FolderNotEmpty):
        fs.mv("/g", "/packed/g", recursive=True)
    fs.mv("/g", "/h", recursive=True)
    with tt.open_file("a.h5") as h5:
        assert h5.root.h.array[:].tolist() == [1, 2]


def test_replaced_files_keep_their_attributes(fs):
    fs.pipe("/a", b"1")
    with tt.open_file("a.h5", "a") as h5:
        h5.root.a.attrs.author = "J"
    fs.pipe("/a", b"longer than it was")
    with tt.open_file("a.h5") as h5:
        assert h5.root.a.attrs.author == "J"
        assert len(h5.root.a) == 18
        assert list(h5.root._v_children) == ["a"]


def test_a_file_that_cannot_be_stored_leaves_the_old_one(fs, monkeypatch):
    fs.pipe("/a", b"old")

    def full(*_):
        raise OSError("the disk is full")

    file = fs.open("/a", "wb")
    file.write(b"new")
    with monkeypatch.context() as patch:
        patch.setattr("longtake.tree.files.whole_file.copy_attributes", full)
        with pytest.raises(WriteFailed, match="disk is full"):
            file.close()
    assert file.closed
    file.close()
    assert fs.cat("/a") == b"old"
    assert fs.ls("/", detail=False) == ["/a"]


def test_transactions(fs, top):
    with fs.transaction:
        fs.pipe(f"{top}/a", b"1")
        fs.pipe(f"{top}/b", b"2")
        assert fs.find(top) == []
    assert fs.find(top) == [f"{top}/a", f"{top}/b"]

    def failing():
        with fs.transaction:
            fs.pipe(f"{top}/c", b"3")
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert fs.find(top) == [f"{top}/a", f"{top}/b"]


def test_nothing_stays_open_and_nothing_is_remembered(here, fs, top):
    fs.pipe(f"{top}/a", b"1")
    with fs.open(f"{top}/a") as reading, fs.open(f"{top}/b", "wb") as writing:
        with h5py.File("a.h5", "a") as h5:
            h5.create_group("plain/new")
        assert fs.isdir("/plain/new")
        assert reading.read() == b"1"
        writing.write(b"2")
    Path("a.h5").unlink()
    assert not fs.exists("/plain/new")


def test_relative_names_are_those_of_the_present_folder(here, monkeypatch):
    fs = fsspec.filesystem("longtake", h5="a.h5")
    fs.pipe("/a", b"here")
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    assert fs.cat("/a") == b"here"
    assert pickle.loads(pickle.dumps(fs)).cat("/a") == b"here"
    other = fsspec.filesystem("longtake", h5="a.h5")
    assert not other.exists("/a")
    assert other != fs
    assert fs == fsspec.filesystem("longtake", h5=here / "a.h5")
    assert len({fs, other}) == 2
    opened = pickle.loads(pickle.dumps(fsspec.open(f"longtake://{here / 'a.h5'}::/a")))
    with opened as file:
        assert file.read() == b"here"


def test_a_large_file_that_is_changed_while_it_is_read(fs):
    fs.pipe("/a", bytes(9_000_000))
    with fs.open("/a", block_size=1000) as file:
        file.read(10)
        fs.pipe("/a", b"shorter")
        with pytest.raises(FileChangedElsewhere):
            file.read()


def test_the_index_of_packed_files_is_read_once_while_nothing_changes(fs, top, monkeypatch):
    if top == "/plain":
        return
    fs.pipe({f"{top}/a": b"1", f"{top}/b": b"2"})
    read, index = [], PackedData.index
    monkeypatch.setattr(PackedData, "index", lambda self: read.append(1) or index(self))
    assert [fs.cat(f"{top}/a"), fs.cat(f"{top}/b")] == [b"1", b"2"]
    assert len(read) == 2  # the file was changed just now, and might be changed again
    os.utime("a.h5", (10**9, 10**9))
    assert [fs.cat(f"{top}/a"), fs.cat(f"{top}/b")] == [b"1", b"2"]
    assert len(read) == 3
    fs.pipe(f"{top}/a", b"3")
    assert [fs.cat(f"{top}/a"), fs.cat(f"{top}/b")] == [b"3", b"2"]


READING = """
import sys, h5py
with h5py.File(sys.argv[1]) as h5:
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_program_that_reads_is_waited_for(here, fs, monkeypatch):
    fs.pipe("/a", b"1")
    with subprocess.Popen(
        [sys.executable, "-c", READING, "a.h5"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline()
        assert fs.cat("/a") == b"1"
        with monkeypatch.context() as patch:
            patch.setattr("longtake.tree.files.brief_opening._PATIENCE_S", 0)
            with pytest.raises(FileInUse):
                fs.pipe("/a", b"2")
        writing = threading.Thread(target=fs.pipe, args=("/a", b"2"))
        writing.start()
        other.communicate(b"\n")
        writing.join()
    assert fs.cat("/a") == b"2"


def test_threads_take_turns(fs, top):
    def work(number):
        for i in range(5):
            fs.pipe(f"{top}/{number}/{i}", f"{number} {i}".encode())
            assert fs.cat(f"{top}/{number}/{i}") == f"{number} {i}".encode()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fs.find(top)) == 20


def test_no_hdf5_file_but_another_is_left_alone(here, fs):
    Path("a.h5").write_text("mine")
    for work in (fs.ls, lambda path: fs.open(f"{path}/a", "wb")):
        with pytest.raises(ValueError, match="HDF5"):
            work("/")
    assert Path("a.h5").read_text() == "mine"


def test_a_damaged_file_is_told(here, fs, top):
    fs.pipe(f"{top}/a", b"content of a file")
    if top == "/packed":
        path = Path("a.h5")
        path.write_bytes(path.read_bytes().replace(b"content of a file", b"CONTENT of a file"))
        with pytest.raises(DamagedFile):
            fs.cat(f"{top}/a")


NAMES = st.sampled_from(["a", "b", "d/a", "d/e/b", "é"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, st.binary(max_size=20)),
        st.tuples(st.just("append"), NAMES, st.binary(max_size=20)),
        st.tuples(st.just("rm"), NAMES),
        st.tuples(st.just("cp"), NAMES, NAMES),
        st.tuples(st.just("mv"), NAMES, NAMES),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(operations=OPERATIONS, packed=st.booleans())
def test_it_does_what_a_dict_does(tmp_path_factory, operations, packed):
    path = tmp_path_factory.mktemp("fs") / "a.h5"
    with tt.open_file(path, "w") as h5:
        if packed:
            filenode.create_packed(h5, "/", "p")
        else:
            h5.create_group("/", "p")
    fs, expected = NodeFileSystem(path), {}
    for what, name, *more in operations:
        if what == "write":
            fs.pipe(f"/p/{name}", more[0])
            expected[name] = more[0]
        elif what == "append":
            with fs.open(f"/p/{name}", "ab") as file:
                file.write(more[0])
            expected[name] = expected.get(name, b"") + more[0]
        elif name not in expected:
            with pytest.raises(FileNotFoundError):
                fs.rm_file(f"/p/{name}")
        elif what == "rm":
            fs.rm(f"/p/{name}")
            del expected[name]
        elif what == "cp":
            fs.cp_file(f"/p/{name}", f"/p/{more[0]}")
            expected[more[0]] = expected[name]
        elif name != more[0]:
            fs.mv(f"/p/{name}", f"/p/{more[0]}")
            expected[more[0]] = expected.pop(name)
    assert {name: fs.cat(name) for name in fs.find("/p")} == {
        f"/p/{name}": content for name, content in expected.items()
    }
