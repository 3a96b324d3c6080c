"""``longtake export``."""

from __future__ import annotations

import os
import signal

import pytest
from typer.testing import CliRunner

import longtake.tree as tt
from longtake.cli.app import app
from longtake.errors import AlreadyExists
from longtake.tree import filenode
from longtake.tree.missing import NodeNotFound


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
