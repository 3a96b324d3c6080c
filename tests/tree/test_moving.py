"""Nodes that are moved, copied, replaced and removed, and what others hold of them meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest

import longtake as lt
import longtake.tree as tt
from longtake.errors import Closed, InvalidArgument, LongtakeError, NoPermission, WrongType

ROW = np.dtype([("x", "f8")])


@pytest.fixture
def file(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as made:
        yield made


def nodes(file):
    return sorted(node._v_pathname for node in file.walk_nodes("/"))


@pytest.mark.parametrize("library", ["blosc2:zstd", "blosc2", "blosc", "zlib"])
def test_a_copy_of_what_was_just_written(tmp_path, library):
    # HDF5 2.0 ended the interpreter here.
    code = (
        "import sys, numpy as np, longtake.tree as tt\n"
        "with tt.open_file(sys.argv[1], 'w', filters=tt.Filters(5, sys.argv[2])) as file:\n"
        "    file.create_group('/', 'g')\n"
        "    table = file.create_table('/g', 't', np.dtype([('x', 'f8')]))\n"
        "    table.append(np.arange(10_000.0).view([('x', 'f8')]))\n"
        "    array = file.create_earray('/g', 'e', obj=np.arange(1000))\n"
        "    array.append([7])\n"
        "    file.copy_node('/g', newname='h')\n"
        "    file.copy_node('/g/t', newname='u')\n"
        "    table.append([(1,)])\n"
        "    print(len(table), len(file.root.h.t), file.root.g.u[-1], file.root.h.e[-1], array[-1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.h5", library],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ("10001 10000 (9999.0,) 7 7\n", "")


def test_nodes_follow_when_they_are_moved(file):
    table = file.create_table("/a", "t", ROW, createparents=True)
    other = file.root.a.t
    row = table.row
    file.rename_node("/a", "b")
    row["x"] = 2
    row.append()
    assert (table._v_pathname, other._v_pathname) == ("/b/t", "/b/t")
    table.rename("old")
    fresh = file.create_table("/b", "t", ROW)
    row["x"] = 3
    row.append()
    file.flush()
    assert (other.col("x").tolist(), len(fresh)) == ([2, 3], 0)
    other.remove()
    assert nodes(file) == ["/", "/b", "/b/t"]


def test_what_was_removed_takes_nothing_more(file):
    table = file.create_table("/g", "t", ROW, createparents=True)
    group, row = file.root.g, table.row
    file.remove_node("/g", recursive=True)
    file.create_table("/g", "t", ROW, createparents=True)
    for work in (
        lambda: table.append([(1,)]),
        lambda: table.nrows,
        lambda: table.row,
        lambda: table.remove(),
        lambda: table.rename("u"),
        lambda: table.copy(newname="u"),
        lambda: list(group),
        lambda: row.append(),
    ):
        with pytest.raises(Closed, match="removed"):
            work()
    assert len(file.root.g.t) == 0


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("move_node", ("/a/b", "/", "a")),
        ("copy_node", ("/a/b", "/", "a")),
        ("rename_node", ("/a", "g/b")),
        ("move_node", ("/g", "/g", "x")),
        ("move_node", ("/a", "/a/b", "c")),
        ("copy_node", ("/link", "/", "g")),
    ],
)
def test_what_cannot_take_a_place_leaves_it(file, call, arguments):
    file.create_array("/a", "b", [1], createparents=True)
    file.create_array("/g", "b", [2], createparents=True)
    file.create_array("/g", "x", [3])
    file.create_soft_link("/", "link", "/a")
    before = nodes(file)
    with pytest.raises(LongtakeError):
        getattr(file, call)(*arguments, overwrite=True)
    assert nodes(file) == before


def test_what_fails_puts_the_old_one_back(file, monkeypatch):
    file.create_array("/", "a", [1])
    file.create_array("/", "b", [2])

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(h5py.Group, "move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        file.move_node("/a", "/", "b", overwrite=True)
    assert nodes(file) == ["/", "/a", "/b"]
    assert file.root.b[:].tolist() == [2]


def test_one_takes_the_place_of_another(file):
    file.create_array("/", "a", [1])
    old = file.create_array("/", "b", [2])
    file.move_node("/a", "/", "b", overwrite=True)
    assert (nodes(file), file.root.b[:].tolist()) == (["/", "/b"], [1])
    with pytest.raises(Closed):
        old[:]


def test_tables_of_fixed_length_stay_as_they_are(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as h5:
        h5["t"] = np.array([1.0, 2, 3]).view(ROW)
        h5.create_dataset("bounded", data=np.arange(3), maxshape=(5,), chunks=(2,))
    with tt.open_file(path, "a") as file:
        for work in (
            lambda: file.root.t.remove_rows(0, 1),
            lambda: file.root.t.append([(4,)]),
            lambda: file.root.bounded.append([1, 2, 3]),
        ):
            with pytest.raises(InvalidArgument, match="fixed length"):
                work()
        assert file.root.t.col("x").tolist() == [1, 2, 3]
        file.root.bounded.append([3, 4])
        assert file.root.bounded[:].tolist() == [0, 1, 2, 3, 4]


def test_threads_append_in_turns(file):
    table = file.create_table("/", "t", ROW)
    array = file.create_earray("/", "e", "i8", (0,))

    def work(number):
        for _ in range(100):
            table.append([(number,)] * 5)
            array.append([number] * 3)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.bincount(table.col("x").astype(int)).tolist() == [500] * 4
    assert np.bincount(array[:]).tolist() == [300] * 4


def test_an_interrupted_append_leaves_nothing(file, monkeypatch):
    table = file.create_table("/", "t", obj=np.zeros(3, ROW))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("longtake.tree.stored_values.StoredValues.write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            table.append([(1,)])
        with pytest.raises(KeyboardInterrupt):
            file.create_carray("/new/deep", "c", obj=[1], createparents=True)
    assert (len(table), nodes(file)) == (3, ["/", "/t"])


@pytest.mark.parametrize(
    "make",
    [
        lambda file: file.create_carray("/new/p", "x", "f4", (0,), createparents=True),
        lambda file: file.create_group("/new/a/..", "x", createparents=True),
        lambda file: file.create_array("/new", "x", np.zeros((1,) * 33), createparents=True),
        lambda file: file.create_table("/new", "x", {"\ud800": "f8"}, createparents=True),
    ],
)
def test_what_cannot_be_made_leaves_no_parents(file, make):
    with pytest.raises(LongtakeError):
        make(file)
    assert nodes(file) == ["/"]


def test_links_are_copied_as_nothing(file):
    file.create_array("/", "a", [1])
    file.create_soft_link("/", "link", "/a")
    with pytest.raises(WrongType):
        file.copy_node("/link", newname="b")
    assert "x" not in file.create_soft_link("/", "nowhere", "/none")
    with pytest.raises(LongtakeError):
        file.create_external_link("/", "other", "b.h5:/a").attrs.x = 1


def test_streams_of_a_recording_are_not_changed(tmp_path):
    path = tmp_path / "run.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", (2, 2), "u1")
        for key in range(5):
            camera.append(key, np.full((2, 2), key, "u1"))
    with tt.open_file(path, "a") as file:
        stream = file.root.frame_stream.camera
        file.create_soft_link("/", "frames", "/frame_stream/camera/data")
        for work in (
            lambda: stream.data.append(np.zeros((1, 2, 2), "u1")),
            lambda: file.root.frames.append(np.zeros((1, 2, 2), "u1")),
            lambda: stream.data.__setitem__(0, 1),
            lambda: stream.index.remove_rows(0, 1),
            lambda: stream.data.remove(),
            lambda: file.remove_node("/control", recursive=True),
            lambda: file.remove_node("/finished"),
            lambda: stream.key.__setitem__(0, 0),
            lambda: file.rename_node("/frame_stream", "x"),
            lambda: file.create_array(stream, "x", [1]),
        ):
            with pytest.raises(NoPermission, match="recording"):
                work()
        stream._v_attrs.note = "dim"
        file.create_array("/", "mean", stream.data[:].mean())
        file.copy_node(stream.data, "/", "copy")
    assert lt.check(path).is_whole
    with lt.open(path) as view:
        assert len(view.frame_streams.camera) == 5


def test_a_group_is_found_anew_where_another_took_its_place(file):
    file.create_group("/", "g")
    file.create_group("/", "h")
    file.create_soft_link("/", "link", "/g")
    file.create_array("/link", "x", [1])
    file.remove_node("/link")
    file.create_soft_link("/", "link", "/h")
    file.create_array("/link", "y", [2])
    file.rename_node("/g", "k")
    file.create_group("/", "g")
    file.create_array("/g", "z", [3])
    file.remove_node("/g", recursive=True)
    with pytest.raises(LongtakeError):
        file.create_array("/g", "z", [3])
    assert nodes(file) == ["/", "/h", "/h/y", "/k", "/k/x", "/link"]
