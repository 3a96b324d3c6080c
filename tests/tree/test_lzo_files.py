"""Files that PyTables compressed with LZO, which it wrote for decades: read, and left as they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import longtake.tree as tt
from longtake.cli.app import app
from longtake.errors import DamagedFile, InvalidArgument, WriteFailed
from tests.tree.data.make_lzo import ROW, WAYS, name, values

MADE = Path(__file__).with_name("data") / "lzo.hdf5"
NODES = [(name(kind, way), kind, way) for way, kinds in WAYS.items() for kind in kinds]
TABLE = "t_5_fletcher32"


@pytest.fixture
def path(tmp_path):
    return Path(shutil.copy(MADE, tmp_path / "a.h5"))


@pytest.mark.parametrize(("label", "kind", "way"), NODES, ids=[node[0] for node in NODES])
def test_values(label, kind, way):
    expected = values()[kind]
    with tt.open_file(MADE) as file:
        node = file.root[label]
        assert node.dtype == expected.dtype
        np.testing.assert_array_equal(node[:], expected)
        np.testing.assert_array_equal(node[3:-3:7], expected[3:-3:7])
        np.testing.assert_array_equal(node[[0, 5, len(expected) - 1]], expected[[0, 5, -1]])
        np.testing.assert_array_equal(node[-1], expected[-1])
        assert (node.filters.complib, node.filters.complevel) == ("lzo", way[0])
        assert (node.filters.shuffle, node.filters.fletcher32) == way[1:]


def test_every_node_was_tried():
    with tt.open_file(MADE) as file:
        assert {node.name for node in file.walk_nodes("/", "Leaf")} == {
            label for label, *_ in NODES
        }
        kept = [
            file.root[label].size_on_disk < file.root[label].size_in_memory for label, *_ in NODES
        ]
    assert sum(kept) == len(NODES) - 2  # noise does not get smaller


def test_conditions():
    expected = values()["t"]
    expected = expected[(expected["a"] > 20) & expected["d"]]
    with tt.open_file(MADE) as file:
        table = file.root[TABLE]
        np.testing.assert_array_equal(table.read_where("(a > 20) & d"), expected)
        assert [row["b"] for row in table.where("(a > 20) & d")] == expected["b"].tolist()
        np.testing.assert_array_equal(table.col("e"), values()["t"]["e"])


def test_listed_with_their_values():
    result = CliRunner().invoke(app, ["tree", str(MADE), "-d"], catch_exceptions=False)
    lines = result.stdout.splitlines()
    assert f"/{TABLE} (Table(150,), fletcher32, lzo(5)) ''" in result.stdout
    assert "    … 130 more …" in lines
    assert "not readable" not in result.stdout


def test_a_copy_is_of_the_chunks_as_they_are(path):
    with tt.open_file(path, "a") as file:
        for label, *_ in NODES:
            copied = file.root[label].copy("/", f"copy_of_{label}")
            assert copied.size_on_disk == file.root[label].size_on_disk
        file.root[TABLE].rename("renamed")
    with tt.open_file(path) as file:
        for label, kind, _ in NODES:
            np.testing.assert_array_equal(file.root[f"copy_of_{label}"][:], values()[kind])
        np.testing.assert_array_equal(file.root.renamed[:], values()["t"])


def change_cell(file):
    file.root[TABLE].cols.a[3] = 1


def append_by_row(file):
    row = file.root[TABLE].row
    row["a"] = 1
    row.append()


def empty(file):
    file.root[TABLE].remove_rows(0)


CHANGES = {
    "append": lambda file: file.root[TABLE].append(np.zeros(2, ROW)),
    "append by row": append_by_row,
    "modify rows": lambda file: file.root[TABLE].modify_rows(0, 2, 1, np.zeros(2, ROW)),
    "modify a column": lambda file: file.root[TABLE].modify_column(0, 2, 1, [1, 2], "a"),
    "a cell": change_cell,
    "remove a row": lambda file: file.root[TABLE].remove_row(5),
    "remove all rows": empty,
    "a condition's rows": lambda file: file.root.t_1.append_where(file.root[TABLE], "d"),
    "an element": lambda file: file.root.numbers_1.__setitem__(3, 7),
    "nothing": lambda file: file.root.numbers_1.__setitem__(slice(0, 0), 7),
    "grow": lambda file: file.root.grows_5_fletcher32.append(np.zeros((2, 3))),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_read_before", [False, True])
def test_writing_is_refused_before_it_begins(path, change, is_read_before):
    with tt.open_file(path, "a") as file:
        if is_read_before:
            file.root[TABLE][:], file.root.numbers_1[:], file.root.grows_5_fletcher32[:]
        with pytest.raises(WriteFailed, match=r"a\.h5: /.* is compressed with lzo.*new node"):
            change(file)
    with tt.open_file(path) as file:
        for label, kind, _ in NODES:
            np.testing.assert_array_equal(file.root[label][:], values()[kind])
    # The rest of the file can be written; also what the error says to do.
    with tt.open_file(path, "a") as file:
        made = file.create_table("/", "new", file.root[TABLE][:])
        file.root[TABLE].remove()
        made.append(np.zeros(2, ROW))
        assert len(made) == 152


def test_a_new_node_is_not_compressed_so(path):
    with tt.open_file(path, "a") as file:
        with pytest.raises(InvalidArgument, match="read, but not written"):
            file.create_carray("/", "x", obj=[1, 2], filters=tt.Filters(1, "lzo"))
        with pytest.raises(InvalidArgument, match="read, but not written"):
            file.create_carray("/", "x", obj=[1, 2], filters=file.root.numbers_1.filters)
        assert "x" not in file.root


@pytest.mark.parametrize(("label", "kind", "way"), NODES, ids=[node[0] for node in NODES])
def test_a_damaged_chunk_is_refused_or_gives_some_values(path, label, kind, way):
    """LZO has no checksum. It reads nothing outside, and what is too short is refused."""
    with h5py.File(path) as h5:
        chunk = h5[label].id.get_chunk_info(0)
    content = path.read_bytes()
    rng = np.random.default_rng(len(label))
    refused = 0
    for _ in range(20):
        damaged = bytearray(content)
        place = chunk.byte_offset + int(rng.integers(chunk.size))
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with tt.open_file(path) as file:
            try:
                found = file.root[label][:]
            except DamagedFile:
                refused += 1
            else:
                assert found.shape == values()[kind].shape
                if way[2]:  # some changes change nothing: a copy from another place like the first
                    np.testing.assert_array_equal(found, values()[kind])
    assert refused or (kind == "noise" and not way[2])


def test_a_chunk_that_decodes_to_less_is_refused(path):
    with h5py.File(path, "r+") as h5:
        h5["numbers_1"].id.write_direct_chunk((0,), b"\x15abcd\x11\0\0")
    with tt.open_file(path) as file:
        with pytest.raises(DamagedFile, match="numbers_1"):
            file.root.numbers_1[0]
        assert file.root.numbers_1[-1] == values()["numbers"][-1]


def test_a_file_without_lzo_does_not_load_what_decodes_it(tmp_path):
    code = (
        "import sys, longtake.tree as tt\n"
        f"with tt.open_file({str(tmp_path / 'b.h5')!r}, 'w') as file:\n"
        "    made = file.create_carray('/', 'c', obj=[1, 2, 3], filters=tt.Filters(1))\n"
        "    made[1] = 5\n"
        "    assert made[:].tolist() == [1, 5, 3]\n"
        "assert not {'numba', 'hdf5plugin'} & set(sys.modules)\n"
        f"with tt.open_file({str(MADE)!r}) as file:\n"
        "    print(len(file.root.t_1[:]), file.root.numbers_1[9])\n"
        "assert 'hdf5plugin' not in sys.modules\n"
        "file = tt.open_file(file.filename)\n"  # and is left open when the interpreter ends
        "file.root.text_1[:]\n"
    )
    # Where there is such a path, as netCDF4 sets one, plugins are looked for before any file is opened.
    environment = {name: value for name, value in os.environ.items() if name != "HDF5_PLUGIN_PATH"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "150 81\n", "")
