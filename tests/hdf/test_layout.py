"""What other HDF5 programs find in a file."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
import tables

from longtake.errors import DamagedFile, WriteFailed
from longtake.hdf import GrowingDataset, LiveFile, journal, layout
from longtake.hdf.attributes import read_attribute
from tests.hdf.make import add, file_with


def test_groups_stay_compact(tmp_path):
    """Dense groups have a fractal heap (FRHP), and readers that list them while they change die."""
    path = tmp_path / "f.h5"
    file, _ = file_with(path, "one")
    add(file, *[f"another column, number {i}" for i in range(200)])
    file.close()
    data = path.read_bytes()
    assert b"OHDR" in data
    for signature in (b"FRHP", b"BTHD", b"HEAP", b"SNOD"):
        assert signature not in data
    with h5py.File(path) as h5:
        assert len(h5["columns"]) == 201


def test_h5py_alone_would_make_a_dense_group(tmp_path):
    """A control for the test above."""
    path = tmp_path / "f.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        for i in range(200):
            h5.create_group(f"a/{i}")
    assert b"FRHP" in path.read_bytes()


def test_many_attributes_stay_compact(tmp_path):
    path = tmp_path / "f.h5"
    file = LiveFile.create(path, {f"attribute {i}": i for i in range(300)})
    file.close()
    assert b"FRHP" not in path.read_bytes()
    with h5py.File(path) as h5:
        assert read_attribute(h5, "attribute 299") == 299


def test_the_journal_is_where_recovery_looks(tmp_path):
    path = tmp_path / "f.h5"
    LiveFile.create(path, {}).close()
    with h5py.File(path) as h5:
        found = h5["control/journal"]
        assert found.id.get_offset() == journal.OFFSET
        assert found.shape == (journal.SIZE,)


def test_chunks_are_aligned_and_neither_filled_nor_filtered(tmp_path):
    path = tmp_path / "f.h5"
    file, (one,) = file_with(path, "one")
    file.grow({one: 100 * one.chunk_rows})
    assert all(start % layout.ALIGNMENT == 0 for start, _ in one.ranges())
    with h5py.File(path) as h5:
        plist = h5["columns/one"].id.get_create_plist()
        assert plist.get_alloc_time() == h5py.h5d.ALLOC_TIME_EARLY
        assert plist.get_fill_time() == h5py.h5d.FILL_TIME_NEVER
        assert plist.get_nfilters() == 0
        assert h5["columns/one"].maxshape == (None,)
        assert not h5["columns/one"][:].any()
    file.close()


def test_pytables_shows_tables_and_arrays(tmp_path):
    path = tmp_path / "f.h5"
    file, _ = file_with(path, "one")
    dtype = np.dtype([("timestamp", "<i8"), ("start_index", "<u8")])

    def edit(h5: h5py.File) -> list[GrowingDataset]:
        table = layout.create_table(h5["columns"], "table", dtype, rows=64, chunk_rows=64)
        return [GrowingDataset.of(file.raw, table)]

    (table,) = file.change(edit)
    table.write(0, np.array([(5, 6), (7, 8)], dtype).tobytes())
    table.rows = 2
    file.close()
    with tables.open_file(str(path)) as h5:
        assert h5.format_version == "2.1"
        assert isinstance(h5.root.columns.one, tables.EArray)
        assert isinstance(h5.root.columns.table, tables.Table)
        assert h5.root.columns.table.colnames == ["timestamp", "start_index"]
        assert h5.root.columns.table.nrows == 2
        assert [row["start_index"] for row in h5.root.columns.table.where("timestamp > 5")] == [8]
        assert h5.root.columns._v_attrs.CLASS == "GROUP"


def test_other_hdf5_versions_can_read(tmp_path, h5dump):
    path = tmp_path / "f.h5"
    file, _ = file_with(path, "one")
    assert "SUPERBLOCK_VERSION 3" in h5dump("-B", "-H", path)  # of HDF5 1.10 and later
    file.close()
    assert 'DATASET "one"' in h5dump("-H", path)


def test_a_copied_or_renamed_file_is_whole(tmp_path):
    """Everything that recovery needs is inside the file."""
    file, (one,) = file_with(tmp_path / "f.h5", "one")
    one.write(0, np.arange(9, dtype="<i8").tobytes())
    one.rows = 9
    shutil.copy(tmp_path / "f.h5", tmp_path / "copy.h5")
    (tmp_path / "f.h5").rename(tmp_path / "new name.h5")
    file.close()
    LiveFile.open(tmp_path / "copy.h5").close()
    for name, rows in (("new name.h5", 9), ("copy.h5", 512)):
        with h5py.File(tmp_path / name) as h5:
            assert h5["columns/one"][:9].tolist() == list(range(9))
            assert h5["columns/one"].shape == (rows,)


@pytest.mark.parametrize("name", ["x", "Zoë", "a b", "a.b", "x" * 255, "π/2".replace("/", "÷")])
def test_names(tmp_path, name):
    file, _ = file_with(tmp_path / "f.h5", name)
    file.close()
    with h5py.File(tmp_path / "f.h5") as h5:
        assert list(h5["columns"]) == [name]


def test_what_is_not_as_it_was_written_is_called_damage(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as h5:
        h5["table/column"] = np.arange(3)
        with pytest.raises(DamagedFile, match="/table is no dataset"):
            layout.dataset_at(h5, "table")
        with pytest.raises(DamagedFile, match="/table/column is no group"):
            layout.group_at(h5["table"], "column")
        with pytest.raises(DamagedFile, match="/table/column is no group"):
            layout.require_group(h5["table"], "column")


def test_a_journal_elsewhere_than_recovery_looks_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "OFFSET", journal.OFFSET + 1)
    with pytest.raises(WriteFailed, match="journal"):
        LiveFile.create(tmp_path / "f.h5", {})
    assert list(tmp_path.iterdir()) == []
