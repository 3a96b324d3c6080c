"""The three Pandas-layout stores: the contract, and what is particular to their files."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from longtake.errors import DamagedFile, FileInUse, InvalidArgument, NoPermission, NotALongtakeFile
from longtake.framewise import FramewiseStore
from longtake.framewise.pandas_big import PandasHDFStoreBig
from longtake.framewise.pandas_single_node import PandasHDFStoreSingleNode
from longtake.framewise.pandas_store import PandasHDFStore
from tests.framewise.contract import StoreContract, assert_tables_equal, table

STORES = [PandasHDFStore, PandasHDFStoreBig, PandasHDFStoreSingleNode]


class PandasContract(StoreContract):
    kind: type

    def open(self, path, mode="a"):
        return self.kind(path, mode=mode)


class TestPandasHDFStore(PandasContract):
    kind = PandasHDFStore


class TestPandasHDFStoreBig(PandasContract):
    kind = PandasHDFStoreBig


class TestPandasHDFStoreSingleNode(PandasContract):
    kind = PandasHDFStoreSingleNode


class AgainstADict(RuleBasedStateMachine):
    """Puts, gets and reopenings of a store, beside a dict of the same tables."""

    numbers = st.integers(-2, 6)

    @initialize(kind=st.sampled_from(STORES))
    def start(self, kind):
        self.kind = kind
        self.file = kind.__name__ + ".h5"
        self.folder = self.make_folder()
        self.path = self.folder / self.file
        self.store = kind(self.path)
        self.model: dict = {}
        self.versions = itertools.count()

    @rule(number=numbers, rows=st.integers(0, 7), added=st.sampled_from([None, "i8", "f8", "?"]))
    def put(self, number, rows, added):
        df = table(number, rows).assign(mass=float(next(self.versions)))
        if added:
            df["particle"] = np.arange(rows).astype(added)
        df.attrs["frame_no"] = number
        self.store.put(df)
        self.model[number] = df

    @rule(mode=st.sampled_from(["a", "r+"]))
    def reopen(self, mode):
        self.store.close()
        self.store = self.kind(self.path, mode=mode)

    @invariant()
    def same_as_the_dict(self):
        if not hasattr(self, "model"):
            return
        assert self.store.frames == sorted(self.model)
        for number, df in self.model.items():
            assert_tables_equal(self.store[number], df)

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_random_use(tmp_path_factory):
    class Machine(AgainstADict):
        def make_folder(self):
            return tmp_path_factory.mktemp("random")

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
    )


@pytest.mark.parametrize("kind", STORES)
def test_mode_w_starts_anew(tmp_path, kind):
    path = tmp_path / "a.h5"
    for frame_no in (1, 2):
        with kind(path, mode="w") as store:
            store.put(table(frame_no))
            assert store.frames == [frame_no]


@pytest.mark.parametrize("kind", STORES)
def test_mode_w_does_not_overwrite_another_kind_of_file(tmp_path, kind):
    path = tmp_path / "film.tif"
    path.write_bytes(b"II*\0" * 100)
    with pytest.raises(NotALongtakeFile, match="left as it is"):
        kind(path, mode="w")
    assert path.read_bytes() == b"II*\0" * 100


@pytest.mark.parametrize("kind", STORES)
def test_an_empty_file_is_as_good_as_none(tmp_path, kind):
    path = tmp_path / "a.h5"
    path.touch()
    with kind(path) as store:
        store.put(table(1))


@pytest.mark.parametrize("kind", STORES)
def test_other_content_of_the_file_stays(tmp_path, kind):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["calibration/scale"] = [1.0, 2.0]
        file["Frame_of_reference"] = "lab"
    with kind(path) as store:
        assert store.frames == []
        store.put(table(1))
    with h5py.File(path) as file:
        assert file["calibration/scale"][:].tolist() == [1.0, 2.0]
        assert file["Frame_of_reference"][()] == b"lab"
    with kind(path, mode="r") as store:
        assert store.frames == [1]


@pytest.mark.parametrize("kind", STORES)
def test_complevel_makes_small_files(tmp_path, kind):
    sizes = {}
    for level in (None, 0, 4):
        path = tmp_path / f"{level}.h5"
        with kind(path, complevel=level, complib="zlib") as store:
            for frame_no in range(20):
                store.put(table(frame_no, 1000).round(0))
            assert_tables_equal(store[3], table(3, 1000).round(0))
        sizes[level] = path.stat().st_size
    assert sizes[4] < sizes[0] / 2
    assert sizes[None] == sizes[0]


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(
    "wrong", [{"complevel": 10}, {"complib": "blosc"}, {"fletcher32": True}, {"complevel": True}]
)
def test_options_that_are_not_known(tmp_path, kind, wrong):
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        kind(tmp_path / "a.h5", **wrong)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", STORES)
def test_files_stay_near_their_payload(tmp_path, kind):
    path = tmp_path / "a.h5"
    payload = 0
    with kind(path) as store:
        for frame_no in range(50):
            df = table(frame_no, 1000)
            payload += df.to_numpy().nbytes
            store.put(df)
        for df in store:
            store.put(df.assign(particle=1))
            payload += 8 * len(df)
    # Pandas keeps the number of each row too, and each frame's columns are described again; the
    # single table leaves the room of its narrower form free.
    assert path.stat().st_size < payload * (2.4 if kind is PandasHDFStoreSingleNode else 1.4)


@pytest.mark.parametrize("kind", STORES)
def test_a_file_that_another_process_is_writing(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
        code = (
            f"from {kind.__module__} import {kind.__name__} as Store\n"
            "from longtake.errors import FileInUse\n"
            "import sys\n"
            "for mode in ('a', 'w', 'r'):\n"
            "    try: Store(sys.argv[1], mode=mode)\n"
            "    except FileInUse as error: print('in use')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["in", "use"] * 3
        store.put(table(2))
    with kind(path, mode="r") as store:
        assert store.frames == [1, 2]


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("mode", ["a", "w", "r+"])
def test_one_writer_in_a_process(tmp_path, kind, mode):
    path = tmp_path / "a.h5"
    (tmp_path / "link.h5").symlink_to(path)
    with kind(path) as store:
        store.put(table(1))
        for name in ("a.h5", "link.h5"):
            for other in STORES:
                with pytest.raises(FileInUse, match="in this process already"):
                    other(tmp_path / name, mode=mode)
        store.put(table(2))
    with kind(path, mode="r+") as store:
        assert store.frames == [1, 2]


def test_a_writer_that_was_dropped_is_no_longer_in_the_way(tmp_path):
    path = tmp_path / "a.h5"
    PandasHDFStore(path).put(table(1))
    gc.collect()
    with PandasHDFStore(path) as store:
        assert store.frames == [1]


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("end", ["closed", "killed"])
def test_a_file_of_longtakes_own_is_left_alone(tmp_path, kind, end):
    path = tmp_path / "a.h5"
    code = (
        "import os, sys, pandas as pd\n"
        "from longtake.framewise import FramewiseStore\n"
        "store = FramewiseStore(sys.argv[1])\n"
        "store.put(pd.DataFrame({'x': [1.0], 'frame': 7}))\n"
        "if sys.argv[2] == 'closed': store.close()\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), end], check=True)
    before = path.read_bytes()
    for mode in ("a", "r", "r+", "w"):
        with pytest.raises(InvalidArgument, match="FramewiseStore"):
            kind(path, mode=mode)
    assert path.read_bytes() == before
    with FramewiseStore(path) as store:
        assert store.frames == [7]


@contextmanager
def without_privileges():
    """Be an ordinary user, if the tests are run by root, who may do anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are of another kind here")
@pytest.mark.parametrize("kind", STORES)
def test_a_file_that_the_user_may_not_touch(kind):
    # Not in tmp_path, which is closed to other users than the one who runs the tests.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "a.h5"
        with kind(path) as store:
            store.put(table(1))
        before = path.read_bytes()
        path.chmod(0o444)
        with without_privileges():
            for mode in ("a", "r+", "w"):
                with pytest.raises(NoPermission, match=r"a\.h5 may not be written"):
                    kind(path, mode=mode)
            with kind(path, mode="r") as store:
                assert store.frames == [1]
        path.chmod(0o000)
        Path(folder).chmod(0o555)
        with without_privileges():
            with pytest.raises(PermissionError, match=r"a\.h5 may not be read"):
                kind(path, mode="r")
            with pytest.raises(NoPermission, match=r"b\.h5 may not be written"):
                kind(path.with_name("b.h5"))
        path.chmod(0o600)
        assert path.read_bytes() == before
        Path(folder).chmod(0o755)


@pytest.mark.parametrize("kind", STORES)
def test_a_hostile_file_is_refused(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        store.put(table(1))
    group = "FrameData" if kind is PandasHDFStoreSingleNode else "Frame_1"
    with h5py.File(path, "r+") as file:
        file[group].attrs["non_index_axes"] = np.bytes_(b"cos\nsystem\n(Vtouch hacked\ntR.")
    with pytest.raises(DamagedFile, match=r"os\.system"), kind(path, mode="r") as store:
        store.get(1)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("kind", STORES)
def test_a_file_cut_short(tmp_path, kind):
    path = tmp_path / "a.h5"
    with kind(path) as store:
        for frame_no in range(20):
            store.put(table(frame_no, 100))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(DamagedFile), kind(path, mode="r") as store:
        list(store)


def test_single_node_refuses_names_it_cannot_hold(tmp_path):
    with PandasHDFStoreSingleNode(tmp_path / "a.h5") as store:
        for name in ("index", "a/b"):
            with pytest.raises(InvalidArgument, match=name):
                store.put(table(1).assign(**{name: 1.0}))
        assert store.frames == []


def test_single_node_takes_other_keys_and_frame_columns(tmp_path):
    path = tmp_path / "a.h5"
    for key in ("tracks", "deep/down/tracks"):
        with PandasHDFStoreSingleNode(path, key=key, t_column="t") as store:
            store.put(table(1).rename(columns={"frame": "t"}))
        with PandasHDFStoreSingleNode(path, key=key, mode="r", t_column="t") as store:
            assert_tables_equal(store[1], table(1).rename(columns={"frame": "t"}))
        with pytest.raises(InvalidArgument, match="'frame'"):
            PandasHDFStoreSingleNode(path, key=key)
    with pytest.raises(InvalidArgument, match="key"):
        PandasHDFStoreSingleNode(path, key="/")


def test_single_node_keeps_exactly_or_refuses(tmp_path):
    with PandasHDFStoreSingleNode(tmp_path / "a.h5") as store:
        exact = table(1, 2, label=[2**60 + 1, 5])
        store.put(exact)
        with pytest.raises(InvalidArgument, match="label"):
            store.put(table(2, 2, label=[0.5, 1.5]))
        assert store.frames == [1]
        assert_tables_equal(store[1], exact)


def test_single_node_put_takes_no_longer_in_a_larger_file(tmp_path):
    # Counted in rows written, which does not depend on the machine.
    from longtake.framewise import single_table

    with PandasHDFStoreSingleNode(tmp_path / "a.h5") as store:
        for frame_no in range(200):
            store.put(table(frame_no, 20))
        written = []
        plain = single_table.write_rows
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                single_table,
                "write_rows",
                lambda table, layout, rows, records: (
                    written.append(len(rows)),
                    plain(table, layout, rows, records),
                ),
            )
            for rows in (20, 5, 30, 0, 20):
                written.clear()
                store.put(table(3, rows))
                assert sum(written) <= 100


def test_rebuild_cache(tmp_path):
    with PandasHDFStoreBig(tmp_path / "a.h5") as store:
        store.put(table(1))
        store.rebuild_cache()
        assert store.frames == [1]
