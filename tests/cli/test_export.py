"""``longtake export``."""

from __future__ import annotations

import os
import signal

import pytest
from typer.testing import CliRunner

import longtake.tree as tt
from longtake.cli.app import app
from longtake.errors import AlreadyExists, WrongType
from longtake.tree import filenode
from longtake.tree.missing import NodeNotFound, PackedFileNotFound


def run(*arguments: object):
    return CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as h5:
        h5.create_array("/g", "array", [1, 2], createparents=True)
        for name in "abc":
            with filenode.new_node(h5, where="/g", name=name) as file:
                file.write(b"content of " + name.encode())
    return tmp_path / "a.h5"


def test_files_of_a_group_and_one_file(path, tmp_path):
    to = tmp_path / "to"
    assert run(path, "/g", to).stdout.splitlines() == [
        f"{to}: 3 files, 36 bytes, 0 folders, 1 left out",
        "  left out  array: Array",
    ]
    assert (to / "b").read_bytes() == b"content of b"
    run(path, "/g/b", tmp_path / "one")
    assert names(tmp_path / "one") == ["b"]


@pytest.fixture
def packed(tmp_path):
    with tt.open_file(tmp_path / "p.h5", "w") as h5:
        files = filenode.create_packed(h5, "/x", "data", createparents=True)
        for name in ("t.csv", "sub/a", "sub/deep/b", "subtle"):
            files[name] = name.encode()
        files["sub/empty/"] = b""
        h5.create_soft_link("/", "link", "/x/data")
    return tmp_path / "p.h5"


def below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_one_packed_file_and_a_folder_of_them(packed, tmp_path):
    one = tmp_path / "one"
    assert run(packed, "/x/data/t.csv", one).stdout == f"{one}: 1 file, 5 bytes, 0 folders\n"
    assert (one / "t.csv").read_bytes() == b"t.csv"
    run(packed, "/x/data/sub/deep/b", one)
    assert names(one) == ["b", "t.csv"]
    assert "2 files, 15 bytes, 2 folders" in run(packed, "/link/sub/", tmp_path / "two").stdout
    assert below(tmp_path / "two") == ["a", "deep", "deep/b", "empty"]
    assert run(packed, "/x/data/sub/empty", tmp_path / "three").exit_code == 0
    assert below(tmp_path / "three") == []
    for none in ("/x/data/none", "/x/data/su", "/x/data/t.csv/a"):
        with pytest.raises(PackedFileNotFound, match="no file and no folder"):
            run(packed, none, tmp_path / "none")
    with pytest.raises(WrongType, match="begins with '/'"):
        run(packed, "x/data", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_what_is_refused(path, tmp_path):
    with pytest.raises(NodeNotFound):
        run(path, "/none", tmp_path / "to")
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "b").write_text("mine")
    with pytest.raises(AlreadyExists):
        run(path, "/g", tmp_path / "to")
    assert (tmp_path / "to" / "b").read_text() == "mine"
    assert names(tmp_path / "to") == ["b"]


def test_ctrl_c_leaves_whole_files(path, tmp_path, monkeypatch):
    copy = filenode.export_folder.__globals__["_copy"]

    def copy_and_interrupt(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return copy(*arguments)

    monkeypatch.setitem(filenode.export_folder.__globals__, "_copy", copy_and_interrupt)
    stopped = run(path, "/g", tmp_path / "to")
    assert stopped.exit_code == 130
    assert (tmp_path / "to" / "a").read_bytes() == b"content of a"
    assert names(tmp_path / "to") == ["a"]
