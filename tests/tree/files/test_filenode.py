"""Files inside a file: like any other, and as PyTables' filenode has them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import tables
from hypothesis import given, settings
from hypothesis import strategies as st
from tables.nodes import filenode as theirs

import longtake.tree as tt
from longtake.errors import AlreadyExists, InvalidArgument, NoPermission, WrongType
from longtake.tree import filenode
from longtake.tree.files.node_bytes import _SMALL


@pytest.fixture
def path(tmp_path):
    return tmp_path / "storage.h5"


@pytest.fixture
def h5(path):
    with tt.open_file(path, "w") as h5:
        yield h5


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.binary(max_size=60)),
        st.tuples(st.just("seek"), st.integers(0, 200)),
        st.tuples(st.just("read"), st.integers(-1, 80)),
        st.tuples(st.just("readline")),
        st.tuples(st.just("truncate"), st.integers(0, 150)),
        st.tuples(st.just("flush")),
        st.tuples(st.just("tell")),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(operations=OPERATIONS, small=st.sampled_from([_SMALL, 30]))
def test_they_do_what_bytesio_does(tmp_path_factory, operations, small):
    """Also where they are too large to be kept in memory."""
    path = tmp_path_factory.mktemp("node") / "a.h5"
    expected = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch, tt.open_file(path, "w") as h5:
        patch.setattr("longtake.tree.files.node_bytes._SMALL", small)
        with filenode.new_node(h5, name="f") as file:
            for what, *given_ in operations:
                if what == "truncate":  # of BytesIO, that makes it no longer
                    file.truncate(min(given_[0], len(expected.getvalue())))
                    expected.truncate(given_[0])
                else:
                    assert getattr(file, what)(*given_) == getattr(expected, what)(*given_)
        with filenode.open_node(h5.root.f) as file:
            assert file.read() == expected.getvalue()
    with tables.open_file(path) as other, theirs.open_node(other.root.f, "r") as file:
        assert file.read() == expected.getvalue()


@pytest.mark.parametrize(
    ("mode", "at", "content"),
    [
        ("r", 0, None),
        ("r+", 0, b"NEW content"),
        ("w", 0, b"NEW"),
        ("w+", 0, b"NEW"),
        ("a", 11, b"old contentNEW"),
        ("a+", 11, b"old contentNEW"),
    ],
)
def test_modes(h5, mode, at, content):
    with filenode.new_node(h5, name="f") as file:
        file.write(b"old content")
    with filenode.open_node(h5.root.f, mode) as file:
        assert file.tell() == at
        if content is None:
            with pytest.raises(io.UnsupportedOperation):
                file.write(b"NEW")
            return
        file.write(b"NEW")
        if mode == "a+":
            file.seek(0)
            assert file.read(3) == b"old"
            file.write(b"!")
            content += b"!"
    assert filenode.open_node(h5.root.f).read() == content


def test_text(h5):
    with filenode.new_node(h5, name="f", mode="w+t", encoding="latin-1") as file:
        file.write("Zoë\nline\n")
    with filenode.open_node(h5.root.f) as file:
        assert file.read() == "Zoë\nline\n".encode("latin-1")
    with filenode.new_node(h5, name="g") as file:
        file.write(b"one\r\ntwo\rthree\n")
    with filenode.open_node(h5.root.g, "rt") as file:
        assert file.readlines() == ["one\n", "two\n", "three\n"]


def test_many_small_files_are_small(path, h5):
    rng = np.random.default_rng(0)
    total = 0
    for number in range(300):
        content = rng.bytes(int(rng.integers(500, 8000)))
        total += len(content)
        with filenode.new_node(h5, name=f"small {number}.bin") as file:
            file.write(content)
    h5.close()
    assert path.stat().st_size < 1.4 * total


def test_large_ones_and_what_pytables_appends(path, h5):
    blocks = [bytes([number]) * 100_000 for number in range(30)]
    with filenode.new_node(h5, name="large") as file:
        for block in blocks:
            file.write(block)
        file.seek(150_000)
        assert file.read(1) == b"\1"
        file.attrs.author = "J"
    assert h5.root.large.chunkshape == (_SMALL,)
    h5.close()
    with tables.open_file(path, "a") as other:
        with theirs.open_node(other.root.large, "a+") as file:
            assert file.read() == b"".join(blocks)
            file.write(b"theirs")
        with theirs.new_node(other, where="/", name="made") as file:
            file.write(b"made by PyTables\n")
    with tt.open_file(path, "a") as again:
        assert filenode.open_node(again.root.large).read() == b"".join(blocks) + b"theirs"
        with filenode.open_node(again.root.made, "a+") as file:
            file.write(b"and ours")
            file.seek(0)
            assert file.readlines() == [b"made by PyTables\n", b"and ours"]
        assert again.root.large.attrs.author == "J"


def test_others_read_from_it(h5):
    with filenode.new_node(h5, name="z.zip") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.txt", "in a zip in an HDF5 file")
    with filenode.open_node(h5.root["z.zip"]) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("inside.txt") == b"in a zip in an HDF5 file"


def test_what_is_refused(path, h5):
    filenode.new_node(h5, name="f").close()
    h5.create_array("/", "a", [1, 2])
    with pytest.raises(AlreadyExists):
        filenode.new_node(h5, name="f")
    with pytest.raises(InvalidArgument, match="mode='q'"):
        filenode.open_node(h5.root.f, "q")
    with pytest.raises(WrongType, match="is no file"):
        filenode.open_node(h5.root.a)
    with pytest.raises(InvalidArgument):
        filenode.new_node(h5, name="a/b")
    h5.close()
    with tt.open_file(path) as again, pytest.raises(NoPermission):
        filenode.open_node(again.root.f, "a")
