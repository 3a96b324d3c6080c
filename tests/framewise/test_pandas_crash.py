"""Pandas-layout files on a full disk, after a kill, and with bytes gone wrong."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from contextlib import suppress

import h5py
import numpy as np
import pytest
import tables

from longtake.errors import DamagedFile, FileInUse, LongtakeError
from longtake.framewise.pandas_big import PandasHDFStoreBig
from longtake.framewise.pandas_layout import layout_of
from longtake.framewise.pandas_single_node import PandasHDFStoreSingleNode
from longtake.framewise.pandas_store import PandasHDFStore
from longtake.recording.recover import recover
from tests.framewise.contract import assert_tables_equal, table

STORES = [PandasHDFStore, PandasHDFStoreBig, PandasHDFStoreSingleNode]
each_store = pytest.mark.parametrize("kind", STORES)


def run(code: str, kind: type, *arguments: object) -> subprocess.CompletedProcess[str]:
    start = (
        "import os, resource, signal, sys\n"
        f"from {kind.__module__} import {kind.__name__} as Store\n"
        "from longtake.errors import WriteFailed\n"
        "from tests.framewise.contract import table\n"
        "path = sys.argv[1]\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


#: A limit on the size of files stops a write as a full disk does.
FULL = """
most = int(sys.argv[2])
store = Store(path)
store.put(table(-1, 0))
put = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
try:
    while True:
        store.put(table(put, 50))
        put += 1
except WriteFailed as error:
    assert "\\n" not in str(error), error
    print(put, error)
for again in range(3):
    try:
        store.put(table(put, 50))
    except WriteFailed:
        pass
    else:
        raise AssertionError
assert len(store[0]) == 50
if sys.argv[3] == "freed":
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    store.put(table(put, 50))
store.close()
"""


@each_store
@pytest.mark.parametrize("most", [1_000_000, 1_234_567])
@pytest.mark.parametrize("then", ["closed", "freed"])
def test_a_full_disk(tmp_path, kind, most, then):
    path = tmp_path / "a.h5"
    done = run(FULL, kind, path, most, then)
    assert done.stderr == ""
    assert done.returncode == 0
    put = int(done.stdout.split()[0]) + (then == "freed")
    assert "free some space" in done.stdout
    assert put > 10
    with kind(path) as store:
        assert store.frames == list(range(-1, put))
        for number in range(put):
            assert_tables_equal(store[number], table(number, 50))
        store.put(table(put, 50))
    with tables.open_file(str(path)) as h5:
        assert h5.root._v_nchildren > 0


@each_store
def test_a_disk_that_is_full_from_the_start(tmp_path, kind):
    code = (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try: Store(path)\n"
        "except WriteFailed as error: print(error)\n"
    )
    for most in (100, 300_000):
        done = run(code, kind, tmp_path / "a.h5", most)
        assert (done.returncode, done.stderr) == (0, "")
        assert "a.h5" in done.stdout


@each_store
def test_nothing_is_left_set_aside(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
    assert path.stat().st_size < 100_000
    assert path.stat().st_blocks * 512 < 150_000


KILLED = """
store = Store(path)
for number in range(300):
    store.put(table(number, 20))
os.kill(os.getpid(), signal.SIGKILL)
"""


@each_store
def test_a_writer_that_was_killed(tmp_path, kind):
    path = tmp_path / "a.h5"
    assert run(KILLED, kind, path).returncode == -signal.SIGKILL
    before = path.read_bytes()
    for mode in ("r", "a", "r+"):
        with pytest.raises(DamagedFile, match=r"a\.h5 was left by a crash: .*`longtake recover"):
            kind(path, mode=mode)
    assert path.read_bytes() == before
    report = recover(path)
    assert report.lost == ()
    assert path.read_bytes() == before
    path = report.path
    with tables.open_file(str(path)) as h5:
        node = h5.root.FrameData if kind is PandasHDFStoreSingleNode else h5.root.Frame_3
        assert node.table.nrows == (6000 if kind is PandasHDFStoreSingleNode else 20)
    with kind(path) as store:
        assert store.frames == list(range(300))
        for number in range(300):
            assert_tables_equal(store[number], table(number, 20))
        store.put(table(300))


@each_store
def test_a_reader_is_in_the_way_of_a_writer(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
    with kind(path, mode="r"), pytest.raises(FileInUse):
        kind(path, mode="a")


def use(kind, path, mode):
    with kind(path, mode=mode) as store:
        for number in store.frames:
            with suppress(LongtakeError):
                store[number]
        store.dump()
        if mode == "a":
            store.put(table(1, 6, new=1.0))
            store.put(table(9, 3))


@each_store
@pytest.mark.parametrize("seed", range(40))
def test_bytes_gone_wrong_raise_nothing_else(tmp_path, kind, seed):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        for number in range(3):
            store.put(table(number, 4))
        store.put(table(3, 0))
        store.put(table(4, 4, flag=True))
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.choice([1, 1, 3, 10])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    for mode in ("r", "a"):
        path.write_bytes(content)
        with suppress(LongtakeError):
            use(kind, path, mode)
    with suppress(OSError), h5py.File(path) as h5, suppress(LongtakeError):
        layout_of(h5)


@each_store
def test_rows_that_are_not_there_take_no_memory(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
    group = "FrameData" if kind is PandasHDFStoreSingleNode else "Frame_1"
    with h5py.File(path, "r+") as h5:
        h5[group]["table"].resize((2**44,))
    with pytest.raises(DamagedFile, match=r"a\.h5.*17592186044416 rows"), kind(path) as store:
        store.get(1)


@each_store
def test_attributes_gone_wrong(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
    group = "FrameData" if kind is PandasHDFStoreSingleNode else "Frame_1"
    content = path.read_bytes()
    for name, value in (
        ("non_index_axes", None),
        ("non_index_axes", 7),
        ("non_index_axes", np.zeros((3, 3))),
    ):
        path.write_bytes(content)
        with h5py.File(path, "r+") as h5:
            del h5[group].attrs[name]
            if value is not None:
                h5[group].attrs[name] = value
        with pytest.raises(DamagedFile, match=r"a\.h5"), kind(path) as store:
            store.get(1)


def test_the_key_of_a_damaged_file(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        h5["FrameData/x"] = 1.0
        at = h5py.h5o.get_info(h5["FrameData"].id).addr
    content = bytearray(path.read_bytes())
    content[at + 4 : at + 40] = bytes(36)
    path.write_bytes(content)
    for mode in ("r", "a"):
        with pytest.raises(DamagedFile, match=r"a\.h5.*FrameData"):
            PandasHDFStoreSingleNode(path, mode=mode)
