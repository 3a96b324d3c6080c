"""Folders of the disk, into an HDF5 file and out of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import h5py
import numpy as np
import pytest
import tables
from tables.nodes import filenode as theirs

import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    InvalidArgument,
    NoPermission,
    NotFound,
    WriteFailed,
    WrongType,
)
from longtake.tree import filenode
from longtake.tree.files import folder_import
from longtake.tree.files.copied_files import CopiedFiles

CONTENTS = {
    "plain.txt": b"a line\n",
    "empty": b"",
    "with spaces and é, 日本.dat": bytes(range(256)),
    "_v_name that PyTables has itself": b"1",
    "sub/folder/deep.bin": os.urandom(70_000),
    "sub/large.bin": os.urandom(9 * 1024 * 1024 + 17),
    "sub/folder/data": b"",
}
EMPTY = ("nothing here", "sub/nor here")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "from"
    for name, content in CONTENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(10**18 + 1, 10**18 + len(content)))
    for name in EMPTY:
        (folder / name).mkdir()
    return folder


@pytest.fixture
def h5(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as h5:
        yield h5


def listed(folder: Path) -> dict[str, tuple[bytes, int] | None]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("where", ["/", "/backup/of it"])
@pytest.mark.parametrize("filters", [None, tt.Filters(3, "blosc2:zstd")])
def test_there_and_back(tmp_path, folder, h5, where, filters):
    copied = filenode.import_folder(h5, where, folder, filters=filters)
    assert (copied.files, copied.bytes) == (len(CONTENTS), sum(map(len, CONTENTS.values())))
    assert copied.folders == 4
    assert copied.left_out == []
    back = filenode.export_folder(h5.get_node(where), tmp_path / "to")
    assert (back.files, back.bytes, back.folders) == (copied.files, copied.bytes, copied.folders)
    assert listed(tmp_path / "to") == listed(folder)


def test_pytables_reads_what_was_imported(folder, h5):
    filenode.import_folder(h5, "/backup", folder)
    h5.close()
    with tables.open_file(h5.filename) as other:
        for name, content in CONTENTS.items():
            if "_v_" not in name:  # PyTables has no nodes of such names
                with theirs.open_node(other.get_node(f"/backup/{name}"), "r") as file:
                    assert file.read() == content
        assert other.get_node("/backup/plain.txt").attrs.modified == 10**18 + 7


def test_one_file_and_files_of_pytables_are_exported(tmp_path):
    with (
        tables.open_file(tmp_path / "p.h5", "w") as other,
        theirs.new_node(other, where="/", name="notes") as file,
    ):
        file.write(b"made by PyTables")
    with tt.open_file(tmp_path / "p.h5") as h5:
        assert filenode.export_folder(h5.root.notes, tmp_path / "to").files == 1
    assert (tmp_path / "to" / "notes").read_bytes() == b"made by PyTables"


def test_what_is_no_file_is_left_out(tmp_path, folder, h5, monkeypatch):
    (tmp_path / "secret").write_text("outside")
    (folder / "link out").symlink_to(tmp_path / "secret")
    (folder / "sub" / "link in").symlink_to(folder / "plain.txt")
    (folder / "folder link").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        copied = filenode.import_folder(h5, "/backup", folder)
    assert copied.left_out == [
        "folder link: a symbolic link",
        "link out: a symbolic link",
        "pipe: a pipe",
        "socket: a socket",
        "sub/link in: a symbolic link",
    ]
    assert copied.files == len(CONTENTS)
    h5.create_array("/backup", "array", [1, 2])
    h5.create_table("/backup/sub", "table", {"x": "f8"})
    h5.create_soft_link("/backup", "soft", "/backup/empty")
    h5.create_external_link("/backup", "external", "b.h5:/x")
    h5.root.backup._h5["circle"] = h5.root.backup._h5
    h5.root.backup.array.attrs.NODE_TYPE = "file"
    back = filenode.export_folder(h5.root.backup, tmp_path / "to")
    assert back.left_out == [
        "array: Array",
        "circle: a group that is elsewhere too",
        "external: ExternalLink",
        "soft: SoftLink",
        "sub/table: Table",
    ]
    assert back.files == len(CONTENTS)


def test_the_file_itself_is_left_out(tmp_path, h5):
    (tmp_path / "a").write_text("a")
    assert filenode.import_folder(h5, "/", tmp_path).left_out == [
        "a.h5: the file that is copied into"
    ]
    assert [node._v_name for node in h5.root] == ["a"]


def test_the_same_again_copies_what_is_new(folder, h5):
    filenode.import_folder(h5, "/backup", folder)
    (folder / "sub" / "new").write_text("new")
    copied = filenode.import_folder(h5, "/backup", folder)
    assert (copied.files, copied.bytes, copied.kept) == (1, 3, len(CONTENTS))
    assert filenode.open_node(h5.root.backup.sub.new).read() == b"new"


@pytest.mark.parametrize("change", ["time", "size", "array", "folder", "file"])
def test_nothing_is_replaced(folder, h5, change):
    filenode.import_folder(h5, "/backup", folder)
    (folder / "another").write_text("new")
    if change == "time":
        os.utime(folder / "plain.txt", ns=(1, 1))
    elif change == "size":
        (folder / "plain.txt").write_text("longer than it was")
    elif change == "array":
        h5.remove_node("/backup/plain.txt")
        h5.create_array("/backup", "plain.txt", [1])
    elif change == "folder":
        h5.remove_node("/backup/plain.txt")
        h5.create_group("/backup", "plain.txt")
    else:
        h5.remove_node("/backup/sub", recursive=True)
        filenode.new_node(h5, where="/backup", name="sub").close()
    with pytest.raises(AlreadyExists, match="has another"):
        filenode.import_folder(h5, "/backup", folder)
    assert "another" not in h5.root.backup


def test_import_is_refused_before_anything_is_written(tmp_path, folder, h5):
    with pytest.raises(NotFound):
        filenode.import_folder(h5, "/backup", tmp_path / "none")
    with pytest.raises(InvalidArgument, match="is a file"):
        filenode.import_folder(h5, "/backup", folder / "plain.txt")
    h5.create_array("/", "array", [1])
    for where in ("/array", "/array/in it"):
        with pytest.raises(WrongType):
            filenode.import_folder(h5, where, folder)
    with pytest.raises(WrongType):
        filenode.import_folder(h5, "backup", folder)
    (folder / "zz").mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/zz/\xff")).write_text("no UTF-8")
    with pytest.raises(InvalidArgument, match="cannot be the name of a node"):
        filenode.import_folder(h5, "/backup", folder)
    assert "backup" not in h5.root
    h5.close()
    with tt.open_file(h5.filename) as again, pytest.raises(NoPermission):
        filenode.import_folder(again, "/backup", folder)


def test_an_interrupted_import_has_whole_files_and_goes_on(folder, h5):
    def stop(copied):
        if copied.files == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filenode.import_folder(h5, "/", folder, progress=stop)
    told = []
    copied = filenode.import_folder(
        h5, "/", folder, progress=lambda copied: told.append((copied.files, copied.total_files))
    )
    assert (copied.kept, copied.files) == (3, len(CONTENTS) - 3)
    assert told[-1] == (len(CONTENTS) - 3, len(CONTENTS) - 3)


def test_a_file_that_fails_is_not_there(folder, h5, monkeypatch):
    def broken(*_):
        raise OSError("the disk is broken")

    monkeypatch.setattr("longtake.tree.files.whole_file.write_packed", broken)
    with pytest.raises(WriteFailed, match="disk is broken"):
        filenode.import_folder(h5, "/backup", folder)
    assert h5.root.backup._f_list_nodes("Leaf") == []


@pytest.mark.parametrize("name", ["..", "x" * 256, "a\\b"])
def test_names_that_lead_out_are_refused(tmp_path, h5, name, monkeypatch):
    if "\\" in name:
        monkeypatch.setattr(os, "altsep", "\\")
    filenode.new_node(h5, name="a").close()
    h5.create_group("/", "group")
    filenode.new_node(h5, where="/group", name="evil").close()
    h5.root.group._h5.id.move(b"evil", name.encode())
    with pytest.raises(InvalidArgument, match="no name there"):
        filenode.export_folder(h5.root, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    h5.root.group._h5.id.move(name.encode(), b"evil")
    h5.root._h5.id.move(b"group", name.encode())
    with pytest.raises(InvalidArgument, match="no name there"):
        filenode.export_folder(h5.root, tmp_path / "to")


def test_a_name_with_a_slash_leads_nowhere(tmp_path):
    """HDF5 makes none; the bytes of a file can have one."""
    path = tmp_path / "evil.h5"
    with h5py.File(path, "w", libver=("earliest", "v108")) as h5:
        made = h5.create_dataset("..!evil", data=np.zeros(3, "u1"), maxshape=(None,), chunks=(3,))
        made.attrs["NODE_TYPE"] = np.bytes_("file")
    content = path.read_bytes()
    assert content.count(b"..!evil") == 1
    path.write_bytes(content.replace(b"..!evil", b"../evil"))
    with tt.open_file(path) as h5:
        assert [node.reason for node in h5.root] == ["its name has a '/'"]
        done = filenode.export_folder(h5.root, tmp_path / "to")
    assert (done.files, names(tmp_path)) == (0, ["evil.h5", "to"])


def test_nothing_is_written_over_or_through_a_link(tmp_path, folder, h5):
    filenode.import_folder(h5, "/", folder)
    to, outside = tmp_path / "to", tmp_path / "outside"
    outside.mkdir()
    to.mkdir()
    (to / "sub").symlink_to(outside)
    with pytest.raises(AlreadyExists, match="symbolic link"):
        filenode.export_folder(h5.root, to)
    (to / "sub").unlink()
    (to / "plain.txt").symlink_to(outside / "not there")
    with pytest.raises(AlreadyExists, match="symbolic link"):
        filenode.export_folder(h5.root, to)
    (to / "plain.txt").unlink()
    (to / "sub").mkdir()
    (to / "sub" / "large.bin").write_text("mine")
    with pytest.raises(AlreadyExists, match="not written over"):
        filenode.export_folder(h5.root, to)
    with pytest.raises(AlreadyExists, match="is a file"):
        filenode.export_folder(h5.root, to / "sub" / "large.bin")
    assert [str(path.relative_to(to)) for path in to.rglob("*")] == ["sub", "sub/large.bin"]
    (to / "sub" / "large.bin").unlink()
    (to / "nothing here").write_text("mine")
    with pytest.raises(AlreadyExists, match="a folder is to be made"):
        filenode.export_folder(h5.root, to)
    assert list(outside.iterdir()) == []


def after_one_file(work):
    """Give a `progress` that does something once, between two files."""

    def progress(copied):
        if copied.files == 1:
            work()

    return progress


@pytest.mark.parametrize("kind", ["link", "dangling link", "file"])
def test_what_is_put_there_meanwhile_is_not_written_over_or_through(tmp_path, h5, kind):
    for name in "ab":
        with filenode.new_node(h5, name=name) as file:
            file.write(b"content")
    mine = tmp_path / "mine"
    if kind != "dangling link":
        mine.write_text("mine")

    def put_there():
        if kind == "file":
            mine.rename(tmp_path / "to" / "b")
        else:
            (tmp_path / "to" / "b").symlink_to(mine)

    with pytest.raises(AlreadyExists, match="in the way"):
        filenode.export_folder(h5.root, tmp_path / "to", progress=after_one_file(put_there))
    assert (tmp_path / "to" / "a").read_bytes() == b"content"
    if kind == "dangling link":
        assert not mine.exists()
    else:
        assert (tmp_path / "to" / "b").read_text() == "mine"


@pytest.mark.parametrize("kind", ["link", "pipe"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_becomes_another_thing_meanwhile_is_not_imported(
    tmp_path, h5, monkeypatch, kind, packed
):
    source, secret = tmp_path / "from", tmp_path / "secret"
    source.mkdir()
    for path in (source / "a", source / "b", secret):
        path.write_text("content")
    copy = folder_import._copy

    def replace_and_copy(*arguments):
        if arguments[2].name == "b":
            (source / "b").unlink()
            if kind == "link":
                (source / "b").symlink_to(secret)
            else:
                os.mkfifo(source / "b")
        copy(*arguments)

    monkeypatch.setattr(folder_import, "_copy", replace_and_copy)
    with pytest.raises(AlreadyExists, match="another file than it was before"):
        filenode.import_folder(h5, "/g", source, packed=packed)
    assert filenode.export_folder(h5.root.g, tmp_path / "to").files == 1


def test_a_file_larger_than_the_disk_is_refused(tmp_path, h5):
    filenode.new_node(h5, name="bomb").close()
    h5.root.bomb._h5.resize((2**60,))
    with pytest.raises(WriteFailed, match="the disk has"):
        filenode.export_folder(h5.root, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_file_that_cannot_be_read_is_not_there(tmp_path, h5):
    filters = tt.Filters(fletcher32=True)
    for name in "ab":
        with filenode.new_node(h5, name=name, filters=filters) as file:
            file.write(b"content of " + name.encode())
    h5.close()
    path = Path(h5.filename)
    path.write_bytes(path.read_bytes().replace(b"content of b", b"CONTENT of b"))
    with tt.open_file(path) as again, pytest.raises(DamagedFile):
        filenode.export_folder(again.root, tmp_path / "to")
    assert (tmp_path / "to" / "a").read_bytes() == b"content of a"
    assert names(tmp_path / "to") == ["a"]


@pytest.mark.parametrize("value", [-(2**63), 2**62, "yesterday", np.array([1, 2])])
def test_times_that_no_disk_has_are_left_out(tmp_path, h5, value):
    with filenode.new_node(h5, name="f") as file:
        file.attrs["modified"] = value
    filenode.export_folder(h5.root, tmp_path / "to")
    assert (tmp_path / "to" / "f").read_bytes() == b""


def test_progress_of_an_export_can_end_it(tmp_path, folder, h5):
    filenode.import_folder(h5, "/", folder)

    def stop(copied):
        assert copied.total_bytes == sum(map(len, CONTENTS.values()))
        if copied.files == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filenode.export_folder(h5.root, tmp_path / "to", progress=stop)
    assert sum(path.is_file() for path in (tmp_path / "to").rglob("*")) == 2


def test_counts_are_told_in_words():
    assert str(CopiedFiles()) == "0 files, 0 bytes, 0 folders"
    told = CopiedFiles(files=1, bytes=1, folders=1, kept=1, left_out=["a: a pipe"])
    assert str(told) == "1 file, 1 byte, 1 folder, 1 was there already, 1 left out"
