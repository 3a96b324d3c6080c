"""Files open to write: in the HDF5 file with its flush, the old one there until the new one is."""

from __future__ import annotations

import errno
import gc
import io

import numpy as np
import pytest
import tables
from tables.nodes import filenode as theirs

import longtake.tree as tt
from longtake.errors import Closed, FileChangedElsewhere, FileInUse, NoPermission, WriteFailed
from longtake.tree import filenode
from longtake.tree.files.node_bytes import NodeBytes
from longtake.tree.files.whole_file import write_whole


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.fixture
def h5(path):
    with tt.open_file(path, "w") as h5:
        yield h5


def made(h5, content=b"precious", name="n"):
    with filenode.new_node(h5, name=name) as file:
        file.write(content)
    return h5.root[name]


def write_and_flush(file, size):
    file.write(bytes(size))
    file.flush()


def content_of(h5, name="n"):
    with filenode.open_node(h5.root[name]) as file:
        return file.read()


@pytest.mark.parametrize("end", ["flush", "close"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize("size", [5, 3_000_000])
def test_what_was_not_closed_is_written_with_the_hdf5_file(path, end, packed, is_text, size):
    h5 = tt.open_file(path, "w")
    mode = "w+t" if is_text else "w+"
    file = filenode.new_node(h5, where="/g", name="n", mode=mode, packed=packed, createparents=True)
    file.write("x" * size if is_text else b"x" * size)
    getattr(h5, end)()
    if end == "flush":
        assert filenode.open_node(h5.root.g, name="n").read() == b"x" * size
        file.write("y" if is_text else b"y")
        size += 1
        h5.close()
    with tt.open_file(path) as again:
        assert len(filenode.open_node(again.root.g, name="n").read()) == size
    with pytest.raises(Closed):
        file.write("z" if is_text else b"z")
    file.close()
    if not packed:
        with tables.open_file(path) as other, theirs.open_node(other.root.g.n, "r") as file:
            assert len(file.read()) == size


def test_its_own_flush_is_enough_for_others_to_read(h5):
    with filenode.new_node(h5, name="n") as file:
        file.write(b"hello")
        file.flush()
        assert content_of(h5) == b"hello"


def test_a_copy_has_what_was_written(h5):
    file = filenode.new_node(h5, name="n")
    file.write(b"hello")
    h5.copy_node("/n", "/", "copy")
    assert content_of(h5, "copy") == b"hello"
    file.write(b", again")
    file.close()
    assert content_of(h5) == b"hello, again"


def test_a_file_that_nobody_holds_any_longer_closes_itself(h5):
    file = filenode.new_node(h5, name="n", mode="w+t")
    file.write("hello")
    del file
    gc.collect()
    assert h5._tree.waiting == {}
    assert content_of(h5) == b"hello"


def test_detached_ones_are_written_too(h5):
    text = filenode.new_node(h5, name="n", mode="w+t")
    text.write("hello")
    below = text.detach()
    below.write(b"!")
    h5.flush()
    assert content_of(h5) == b"hello!"
    raw = below.detach()
    raw.write(b"?")
    h5.flush()
    assert content_of(h5) == b"hello!?"
    raw.close()


@pytest.mark.parametrize("what", ["_store", "_resize"])
@pytest.mark.parametrize("mode", ["r+", "w", "a"])
@pytest.mark.parametrize("size", [9, 2_000_000])
def test_what_was_there_stays_when_writing_fails(h5, monkeypatch, what, mode, size):
    made(h5)
    file = filenode.open_node(h5.root.n, mode)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(NodeBytes, what, full)
        with pytest.raises(WriteFailed, match="No space"):
            write_and_flush(file, size)
        assert content_of(h5) == b"precious"
    file.close()  # there is room again
    if size < 100:  # it waited
        assert content_of(h5) == b"precious" * (mode == "a") + bytes(size)
    else:  # it was not taken
        assert content_of(h5) == b"precious"
    assert [node._v_name for node in h5.root] == ["n"]


def test_a_large_file_that_cannot_grow_is_as_long_as_it_was(h5, monkeypatch):
    made(h5, bytes(2_000_000))

    def full(*_):
        raise WriteFailed(errno.ENOSPC, "No space left on device")

    with filenode.open_node(h5.root.n, "a") as file:
        with monkeypatch.context() as patch:
            patch.setattr(NodeBytes, "_store", full)
            with pytest.raises(WriteFailed):
                file.write(b"x" * 1_000_000)
            assert h5.root.n.shape == (2_000_000,)
        assert file.write(b"end") == 3
    assert content_of(h5)[-4:] in {b"\0end", b"xend"}  # what waited before may be written again


def test_no_name_is_a_drafts(h5):
    made(h5, b"mine", "n (longtake draft)")
    made(h5)
    with filenode.open_node(h5.root.n, "r+") as file:
        file.write(b"PRECIOUS and longer")
    write_whole(h5.root, "n", io.BytesIO(b"whole"), 5, 0, tt.Filters())
    assert content_of(h5) == b"whole"
    assert content_of(h5, "n (longtake draft)") == b"mine"


@pytest.mark.parametrize("packed", [False, True])
def test_it_is_open_to_write_once(h5, packed):
    where = "/g"
    filenode.new_node(h5, where=where, name="n", packed=packed, createparents=True).close()
    group = h5.root.g
    first = filenode.open_node(group, "r+", name="n")
    first.write(b"J")
    for mode in ("r+", "w", "a", "at"):
        with pytest.raises(FileInUse, match="close it there first"):
            filenode.open_node(group, mode, name="n")
    first.close()
    with filenode.open_node(group, "a", name="n") as second:
        second.write(b"K")
    assert filenode.open_node(group, name="n").read() == b"JK"


def test_what_is_open_to_write_is_not_replaced_as_a_whole(h5):
    made(h5)
    with filenode.open_node(h5.root.n, "a") as file:
        file.write(b"!")
        with pytest.raises(FileInUse):
            write_whole(h5.root, "n", io.BytesIO(b"whole"), 5, 0, tt.Filters())
    assert content_of(h5) == b"precious!"


@pytest.mark.parametrize("work", ["written", "replaced"])
def test_nodes_taken_before_show_the_new_content(h5, work):
    node = made(h5)
    again = h5.root.n
    assert bytes(again[:]) == bytes(node[:]) == b"precious"
    if work == "written":
        with filenode.open_node(h5.root.n, "a") as file:
            file.write(b" and more")
    else:
        write_whole(h5.root, "n", io.BytesIO(b"precious and more"), 17, 0, tt.Filters())
    for one in (node, again, h5.root.n):
        assert bytes(one[:]) == b"precious and more"
    node.attrs.author = "J"
    assert h5.root.n.attrs.author == "J"


def test_a_reader_sees_what_it_saw_or_says_that_it_cannot(h5):
    made(h5)
    small = filenode.open_node(h5.root.n)
    with filenode.open_node(h5.root.n, "w") as file:
        file.write(b"new")
    assert small.read() == b"precious"
    made(h5, b"a" * 3_000_000, "large")
    large = filenode.open_node(h5.root.large)
    assert large.read(1) == b"a"
    h5.copy_node("/large", "/", "copy")
    assert large.read(1_000_000) == b"a" * 1_000_000
    with filenode.open_node(h5.root.large, "w") as file:
        file.write(b"b" * 2_500_000)
    with pytest.raises(FileChangedElsewhere, match="open it again"):
        large.read()


def test_a_reader_of_a_file_that_becomes_shorter(h5):
    made(h5, b"a" * 3_000_000)
    reader = filenode.open_node(h5.root.n)
    with filenode.open_node(h5.root.n, "r+") as file:
        file.truncate(1_500_000)
    assert reader.read() == b"a" * 1_500_000


@pytest.mark.parametrize("size", [5, 3_000_000])
@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize("change", ["rename", "move", "remove", "remove group"])
def test_moved_and_removed_while_open(h5, size, is_text, change):
    file = filenode.new_node(
        h5, where="/g", name="n", mode="w+t" if is_text else "w+", createparents=True
    )
    file.write("x" * size if is_text else b"x" * size)
    if change == "rename":
        h5.rename_node("/g/n", "m")
    elif change == "move":
        h5.move_node("/g", "/", "h")
    else:
        h5.remove_node("/g/n" if change == "remove" else "/g", recursive=True)
        made(h5, b"another", "g" if change == "remove group" else "n")
    if change in {"rename", "move"}:
        file.write("y" if is_text else b"y")
        file.close()
        group = h5.root["g" if change == "rename" else "h"]
        name = "m" if change == "rename" else "n"
        assert filenode.open_node(group, name=name).read() == b"x" * size + b"y"
    else:
        with pytest.raises(Closed, match="removed"):
            file.write("y" if is_text else b"y")
        with pytest.raises(Closed):
            file.close()
    assert h5._tree.waiting == {}


def test_a_link_stays_a_link(h5):
    made(h5)
    h5.create_soft_link("/", "link", "/n")
    with filenode.open_node(h5.root.link, "a") as file:
        file.write(b"!")
    assert content_of(h5) == b"precious!"
    assert h5.root.link.target == "/n"


def test_attributes_are_kept(path, h5):
    """Of whatever type, though the file is made anew."""
    with filenode.new_node(h5, name="n", title="A title") as file:
        file.write(b"precious")
        file.attrs.author = "Zoë"
        file.attrs.gains = np.arange(6.0).reshape(2, 3)
        file.attrs.plan = {"a": [1, None]}
    with filenode.open_node(h5.root.n, "a") as file:
        file.write(b" and longer")
    h5.close()
    with tables.open_file(path) as other:
        attributes = other.root.n._v_attrs
        assert (attributes.author, attributes.TITLE) == ("Zoë", "A title")
        assert attributes.plan == {"a": [1, None]}
        np.testing.assert_array_equal(attributes.gains, np.arange(6.0).reshape(2, 3))


def test_a_file_that_was_opened_to_read_has_no_writers(path, h5):
    made(h5)
    h5.close()
    with tt.open_file(path) as again, pytest.raises(NoPermission):
        filenode.open_node(again.root.n, "r+")
