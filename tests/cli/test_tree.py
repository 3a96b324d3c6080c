"""``longtake tree`` on files of all kinds."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import longtake as lt
import longtake.tree as tt
from longtake.cli.app import app
from longtake.errors import InvalidArgument, NotFound
from longtake.tree.missing import NodeNotFound


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w", title="A file") as file:
        file.create_table("/g", "t", {"x": "f8", "n": "S3"}, "a table", createparents=True)
        file.root.g.t.append([(number / 2, "abc") for number in range(30)])
        filters = tt.Filters(3, "blosc2:zstd")
        file.create_carray("/", "c", obj=np.arange(6), filters=filters).attrs.unit = "mm"
        file.create_soft_link("/", "link", "/g/t")
        file.root._h5["vlen"] = ["text", "of any length"]
    return path


def said(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["tree", *map(str, arguments)], catch_exceptions=False)
    return result.stdout


def test_each_node_has_a_line(path):
    lines = said(path).splitlines()
    assert lines[0] == "/ (RootGroup) 'A file'"
    assert lines[1:] == [
        "/c (CArray(6,), shuffle, blosc2:zstd(3)) '' int64",
        "/g (Group) ''",
        "/g/t (Table(30,)) 'a table' {x: float64, n: |S3}",
        "/link (SoftLink) -> /g/t",
        "/vlen (UnImplemented) its elements are of variable length, or refer to others",
    ]
    assert said(path, "/g").splitlines() == lines[2:4]


def test_attributes_and_data(path):
    assert "    unit := 'mm'" in said(path, "/c", "-a").splitlines()
    lines = said(path, "-d").splitlines()
    assert "    [0 1 2 3 4 5]" in lines
    assert "    … 10 more …" in lines


def test_for_programs(path):
    found = {node["path"]: node for node in json.loads(said(path, "--json", "-a"))}
    assert found["/g/t"]["shape"] == [30]
    assert found["/c"]["filters"]["complib"] == "blosc2:zstd"
    assert found["/c"]["attributes"]["unit"] == "'mm'"
    assert found["/link"]["target"] == "/g/t"
    assert found["/vlen"]["kind"] == "UnImplemented"


def test_a_recording_while_it_goes_on(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        recording.create_data_stream("s").append(1, 1)
        assert "/data_stream/s/index (EArray" not in said(tmp_path / "run.h5")
        assert "/data_stream/s/index (Table(" in said(tmp_path / "run.h5")


def test_what_is_not_there(path, tmp_path):
    with pytest.raises(NodeNotFound, match="has no 'zzz'"):
        said(path, "/zzz")
    with pytest.raises(NotFound):
        said(tmp_path / "none.h5")
    with h5py.File(tmp_path / "plain.h5", "w") as h5:
        h5["x"] = 1
    assert said(tmp_path / "plain.h5").splitlines()[1] == "/x (Array()) '' int64"


def test_names_do_not_steer_the_terminal(tmp_path):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as file:
        file.create_array("/", "a\x1b]0;b\x07\nfake (Table(3,)) ''", [1]).attrs["\x1b[2J"] = "x"
    printed = said(path, "-a", "-d")
    assert "\x1b" not in printed
    assert "/a\\x1b]0;b\\x07\\nfake" in printed


def test_what_would_fill_the_memory_is_shown_in_part(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("wide", (2, 30_000_000_000), "u1", chunks=(1, 1000))
        file.create_dataset("both", (20, 200_000_000), "u1", chunks=(1, 1000))
    printed = said(path, "-d")
    assert printed.count("the first 100 are shown") == 2
    with tt.open_file(path) as file, pytest.raises(InvalidArgument, match="no memory"):
        file.root.wide.read()


def test_packed_files_are_named(tmp_path):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as file:
        files = tt.filenode.create_packed(file, "/", "photos")
        for number in range(30):
            files[f"2026/{number}.txt"] = b"rain"
    printed = said(path, "-d")
    assert "/photos (Group) '', of packed files" in printed
    assert "    2026/19.txt" in printed
    assert "    … 10 more …" in printed
