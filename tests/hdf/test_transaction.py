"""A structure change is planned in the order that no reader can be misled by."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import DamagedFile
from longtake.hdf import GrowingDataset, journal, layout, transaction
from longtake.hdf.journal import Change, Edit
from longtake.hdf.live_ranges import LiveRanges
from longtake.hdf.overlay import Overlay
from longtake.hdf.superblock import SIZE, Superblock
from tests.hdf.make import CHUNK_ROWS, append, column, file_with
from tests.hdf.write_log import WriteLog


@pytest.fixture
def made(tmp_path):
    file, datasets = file_with(tmp_path / "f.h5", "one", "two")
    yield file, datasets
    file.close()


def planned(file, edit) -> Change:
    overlay = Overlay(file.raw, file.true_end)
    with layout.open_h5(overlay, "r+") as h5:
        edit(h5)
    return transaction.plan(overlay, 99, file.published, {})


def test_nothing_changed_is_nothing_planned(made):
    file, _ = made
    change = planned(file, lambda h5: list(h5["columns/one"].attrs))
    assert change.is_settled
    assert change.true_after == change.true_before == file.true_end


def test_object_headers_come_last(made):
    file, (one, _) = made
    file.grow({one: 10 * CHUNK_ROWS})
    change = planned(file, lambda h5: h5["columns/one"].resize(400 * CHUNK_ROWS, axis=0))
    kinds = [b"OHDR" in edit.after for edit in change.edits]
    assert kinds == sorted(kinds)
    assert kinds.count(True) == 1
    assert kinds.count(False) >= 1
    assert change.fresh


def test_the_published_end_comes_first_when_it_moves(made, monkeypatch):
    file, _ = made
    change = planned(file, lambda h5: h5["columns/one"].resize(2 * CHUNK_ROWS, axis=0))
    assert all(edit.offset for edit in change.edits)  # within the headroom
    assert change.published == file.published
    monkeypatch.setattr(file, "published", file.true_end)
    change = planned(file, lambda h5: h5["columns/one"].resize(2 * CHUNK_ROWS, axis=0))
    assert [edit.offset == 0 for edit in change.edits[:2]] == [True, False]
    assert change.published >= change.true_after + transaction.HEADROOM
    block = Superblock.parse(change.edits[0].after)
    assert len(change.edits[0].after) == SIZE
    assert block.end_of_file == change.published


def test_edits_tell_what_was_there(made):
    file, _ = made
    change = planned(file, lambda h5: column(h5["columns"], "three"))
    for edit in change.edits:
        assert file.raw.read(edit.offset, len(edit.before)) == edit.before
        assert edit.before != edit.after
        assert edit.offset + len(edit.after) <= change.true_before
    for offset, _length, _digest in change.fresh:
        assert offset >= change.true_before


def test_what_would_overwrite_rows_is_refused(made):
    file, (one, two) = made
    append(one, np.arange(CHUNK_ROWS))
    append(two, np.arange(CHUNK_ROWS))
    with pytest.raises(DamagedFile, match="over stored rows"):
        # HDF5 itself writes rows here.
        file.change(lambda h5: h5["columns/one"].write_direct(np.full(CHUNK_ROWS, 7)) or [])
    assert one.read(0, CHUNK_ROWS).tolist() == list(range(CHUNK_ROWS))
    file.grow({one: 2 * CHUNK_ROWS})  # and the file can be changed still
    with h5py.File(file.path) as h5:
        assert h5["columns/one"].shape == (2 * CHUNK_ROWS,)


@pytest.mark.parametrize(
    ("edit", "refused"), [((90, 10), False), ((90, 11), True), ((150, 1), True), ((200, 5), False)]
)
def test_edges_of_live_ranges(edit, refused):
    at, length = edit
    change = Change(1, 0, 0, 0, edits=(Edit(at, bytes(length), bytes(length)),))
    live = LiveRanges()
    live.add([(0, 10), (100, 200)])
    if refused:
        with pytest.raises(DamagedFile):
            transaction.refuse_live(change, live, "file")
    else:
        transaction.refuse_live(change, live, "file")


def test_the_order_of_writes(made, monkeypatch):
    """New ranges, the journal, a sync, then the edits."""
    file, _ = made
    log = WriteLog()
    end = file.true_end
    log.record(monkeypatch)
    file.change(
        lambda h5: [GrowingDataset.of(file.raw, column(h5["columns"], "three"))],
    )
    kinds = []
    for operation in log.operations:
        if operation[0] == "write":
            at = operation[1]
            in_journal = journal.OFFSET <= at < journal.OFFSET + journal.SIZE
            kinds.append("fresh" if at >= end else "journal" if in_journal else "edit")
        else:
            kinds.append(operation[0])
    order = list(dict.fromkeys(kinds))
    assert order == ["reserve", "fresh", "journal", "sync", "edit"]
    assert kinds.count("journal") == kinds.count("sync") == 1
