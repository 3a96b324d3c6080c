"""A disk that has no room: an error before anything is written, and a file that opens."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import longtake.tree as tt
from longtake.errors import WriteFailed
from longtake.tree import filenode
from longtake.tree.room import in_parts

NOISE = np.random.default_rng(0).integers(0, 256, (3000, 1000), "u1")


@pytest.fixture
def small_disk(tmp_path):
    """A folder with a disk of its own of 4 MB."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "longtake", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {made.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def one_large(file):
    file.create_carray("/", "large", obj=np.concatenate([NOISE, NOISE]))


def many_small(file):
    for number in range(1000):
        file.create_carray("/", f"small{number}", obj=NOISE[:100, :100])


def many_plain(file):
    for number in range(1000):
        file.create_array("/", f"plain{number}", NOISE[:100, :100])


def rows(file):
    table = file.create_table("/", "table", {"x": "f8"})
    for number in range(1_000_000):
        table.row["x"] = 1 / (number + 1)
        table.row.append()
    table.flush()


def appended(file):
    array = file.create_earray("/", "grows", "u1", (0, 1000))
    for number in range(9000):
        array.append(NOISE[number % 3000 : number % 3000 + 1])


def files(file):
    for number in range(1000):
        with filenode.new_node(file, where="/", name=f"file{number}") as made:
            made.write(NOISE[:10].tobytes())


@pytest.mark.parametrize("work", [one_large, many_small, many_plain, rows, appended, files])
def test_a_full_disk(small_disk, work):
    path = small_disk / "a.h5"
    file = tt.open_file(path, "w", filters=tt.Filters(1, "blosc2:zstd"))
    file.create_array("/", "first", [1, 2, 3])
    with pytest.raises(WriteFailed, match="no room"):
        work(file)
    try:
        file.close()
    except WriteFailed:  # of rows that wait
        assert work is rows
    with tt.open_file(path) as file:
        assert file.root.first[:].tolist() == [1, 2, 3]
        for leaf in file.walk_nodes("/", "Leaf"):  # all that is there is whole
            found = leaf.read()
            if leaf.name.startswith(("small", "plain")):
                np.testing.assert_array_equal(found, NOISE[:100, :100])
            if leaf.name == "grows":
                np.testing.assert_array_equal(found, NOISE[np.arange(len(found)) % 3000])
            if leaf.name == "table":
                np.testing.assert_array_equal(found["x"], 1 / np.arange(1, len(found) + 1))


def test_room_is_asked_for_before_anything(tmp_path, monkeypatch):
    with tt.open_file(tmp_path / "a.h5", "w") as file:
        grows = file.create_earray("/", "grows", obj=[1, 2, 3])
        full = SimpleNamespace(f_bavail=0, f_frsize=4096)
        monkeypatch.setattr(os, "statvfs", lambda _: full)
        monkeypatch.setattr("longtake.tree.room._GOOD_FOR_S", -1.0)
        file._tree._room._until = 0
        for work in (
            lambda: file.create_group("/", "g"),
            lambda: file.create_array("/", "a", [1]),
            lambda: grows.append([4]),
            lambda: grows.attrs.__setitem__("unit", "mm"),
        ):
            with pytest.raises(WriteFailed, match="no room"):
                work()
        assert [node._v_name for node in file.root] == ["grows"]
        assert grows[:].tolist() == [1, 2, 3]
        assert "unit" not in grows.attrs


@pytest.mark.parametrize("library", ["zlib", "blosc", "blosc:lz4", "blosc2", "blosc2:zstd"])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_what_cannot_be_made_smaller_is_kept(tmp_path, library, count):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w", filters=tt.Filters(9, library)) as file:
        file.create_carray("/", "noise", obj=NOISE[0, :count])
        file.create_table("/", "t", obj=np.array([(3, b"x")] * count, [("a", "u1"), ("b", "S1")]))
    with tt.open_file(path) as file:
        np.testing.assert_array_equal(file.root.noise[:], NOISE[0, :count])
        assert file.root.t[count - 1].tolist() == (3, b"x")


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
def test_parts_are_whole_chunks_in_their_order(monkeypatch, chunk_rows):
    monkeypatch.setattr("longtake.tree.room._PART", 16_000)
    values = np.arange(5000).reshape(1000, 5)
    parts = list(in_parts((slice(3, 1003), slice(0, 5)), values, chunk_rows))
    assert len(parts) > 1 or chunk_rows == 1000
    assert parts[0][0][0].start == 3
    for (key, _), (later, _) in pairwise(parts):
        assert key[0].stop == later[0].start
        assert key[0].stop % chunk_rows == 0
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), values)
