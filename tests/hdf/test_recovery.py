"""Each way in which a file may have been left, and what is made of it."""

from __future__ import annotations

import os
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from longtake.errors import DamagedFile, FileChangedElsewhere
from longtake.hdf import LiveFile, Snapshot, journal, recovery, transaction
from longtake.hdf.on_disk import OnDisk
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock
from longtake.streams import StreamFile, StreamFileView
from tests.hdf.make import CHUNK_ROWS, add, append, file_with, found_datasets


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.h5"


def examined(path) -> recovery.Recovered:
    raw = RawFile.reading(path)
    try:
        return recovery.examine(raw)
    finally:
        raw.close()


def kill(file: LiveFile) -> None:
    """End a writer as SIGKILL would."""
    file.abandon()


@pytest.fixture
def unapplied(monkeypatch):
    """A block in which the process ends when a structure change is about to be applied."""

    def end(*_):
        raise Killed

    @contextmanager
    def block():
        with monkeypatch.context() as patch:
            patch.setattr(transaction, "apply", end)
            try:
                yield
            except Killed:
                return
        pytest.fail("nothing was to be applied")

    return block


def test_a_closed_file_is_clean(path):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(5))
    file.close()
    found = examined(path)
    assert found.clean
    assert found.patches == ()
    assert found.true_end == found.published == path.stat().st_size


def test_a_new_file_is_clean(path):
    LiveFile.create(path, {}).abandon()
    assert examined(path).clean
    LiveFile.open(path).close()


def test_a_change_that_was_not_applied_is_replayed(path, unapplied):
    file, _ = file_with(path, "one")
    with unapplied():
        add(file, "two")
    kill(file)
    with h5py.File(path) as h5:
        assert list(h5["columns"]) == ["one"]
    found = examined(path)
    assert not found.clean
    assert found.patches
    with Snapshot(path) as snapshot, snapshot.structure() as h5:  # a reader sees it replayed
        assert list(h5["columns"]) == ["one", "two"]
    LiveFile.open(path).abandon()
    with h5py.File(path) as h5:
        assert list(h5["columns"]) == ["one", "two"]


def test_a_change_that_was_never_whole_is_dropped(path, unapplied):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(5))
    before = file.true_end
    with unapplied():
        add(file, "two")
    newest = journal.read(file.raw)[-1]
    file.raw.write(newest.fresh[0][0], b"lost by the power cut")
    kill(file)
    found = examined(path)
    assert found.true_end == before
    file = LiveFile.open(path)
    (one,) = found_datasets(file)
    assert one.read(0, 5).tolist() == [0, 1, 2, 3, 4]
    assert path.stat().st_size >= file.published
    assert not any(file.raw.read(before, 200_000))  # new chunks must be zeros
    two = add(file, "two")[0]
    assert not two.read(0, two.capacity).any()
    file.close()


def test_edits_of_another_program_are_not_overwritten(path):
    file, (one,) = file_with(path, "one")
    file.grow({one: 2 * CHUNK_ROWS})
    kill(file)
    with h5py.File(path, "r+") as h5:
        h5["columns/one"].attrs.modify("EXTDIM", np.int32(7))  # in the header that grew
    before = path.read_bytes()
    with pytest.raises(FileChangedElsewhere, match="another program"):
        LiveFile.open(path)
    assert path.read_bytes() == before
    with Snapshot(path) as snapshot:  # the message says "read it", and so it can be
        assert not snapshot.was_closed
        with snapshot.structure() as h5:
            assert h5["columns/one"].attrs["EXTDIM"] == 7


def test_links_of_another_program_beside_ours_stay(path):
    file, _ = file_with(path, "one")
    add(file, "two")
    kill(file)
    with h5py.File(path, "r+") as h5:
        h5["columns"]["theirs"] = np.arange(5000)
    file = LiveFile.open(path)
    add(file, "three")
    file.close()
    with h5py.File(path) as h5:
        assert set(h5["columns"]) == {"one", "two", "three", "theirs"}
        assert h5["columns/theirs"][:].tolist() == list(range(5000))


def test_an_attribute_that_another_program_altered_costs_no_stream(path):
    """In a range that is new since the last change, so that its checksum differs."""
    file = StreamFile.create(path)
    first = file.create_record_stream("first", {"x": "f8"})
    first.append(1, {"x": np.arange(3.0)})
    second = file.create_record_stream("second", {"x": "f8"})
    second.append(1, {"x": np.arange(4.0)})
    file._file.abandon()
    with h5py.File(path, "r+") as h5:
        h5["record_stream/second/x"].attrs.modify("EXTDIM", np.int32(7))
    with StreamFileView(path) as view:
        assert view.record_streams["second"][1]["x"].tolist() == [0, 1, 2, 3]
    with StreamFile.open(path) as file:
        assert file.record_streams["first"][1]["x"].tolist() == [0, 1, 2]
        assert file.record_streams["second"][1]["x"].tolist() == [0, 1, 2, 3]
        file.record_streams["second"].append(2, {"x": np.arange(5.0)})
    with h5py.File(path) as h5:
        assert h5["record_stream/second/x"].attrs["EXTDIM"] == 7
        assert h5["record_stream/second/x"][:].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("where", ["record_stream/ours", "control"])
def test_what_another_program_added_after_a_crash_stays(path, where):
    """It moved the published end, beyond which it put its data."""
    file = StreamFile.create(path)
    stream = file.create_record_stream("ours", {"x": "f8"})
    stream.append(1, {"x": np.arange(3.0)})
    file._file.abandon()
    theirs = np.arange(100_000)
    with h5py.File(path, "r+") as h5:
        h5[where]["theirs"] = theirs
    end = Superblock.parse(path.read_bytes()[:SIZE]).end_of_file
    assert examined(path).true_end == end
    with StreamFile.open(path) as file:
        with h5py.File(path) as h5:
            assert np.array_equal(h5[f"{where}/theirs"][:], theirs)
        stream = file.record_streams["ours"]
        assert stream[1]["x"].tolist() == [0, 1, 2]
        stream.append(2, {"x": np.arange(100_000.0)})
        file.create_record_stream("more", {"x": "f8"}).append(1, {"x": np.ones(50_000)})
        with h5py.File(path) as h5:
            np.testing.assert_array_equal(h5[f"{where}/theirs"][:], theirs)
    with h5py.File(path) as h5:
        np.testing.assert_array_equal(h5[f"{where}/theirs"][:], theirs)
        assert h5["record_stream/ours/x"].shape == (100_003,)
        assert h5["record_stream/more/x"][:].all()


def test_a_foreign_edit_after_a_clean_close_is_taken_as_it_is(path):
    file = StreamFile.create(path)
    file.create_record_stream("ours", {"x": "f8"}).append(1, {"x": np.arange(3.0)})
    file.close()
    with h5py.File(path, "r+") as h5:
        h5["theirs"] = np.arange(1000)
        h5["record_stream/ours"].attrs["note"] = "a" * 5000
    with StreamFile.open(path) as file:
        file.record_streams["ours"].append(2, {"x": np.arange(50_000.0)})
    with h5py.File(path) as h5:
        assert h5["theirs"][:].tolist() == list(range(1000))
        assert h5["record_stream/ours"].attrs["note"] == "a" * 5000
        assert h5["record_stream/ours/x"].shape == (50_003,)


def test_recovering_twice_gives_the_same(path):
    file, (one,) = file_with(path, "one")
    file.grow({one: 20 * CHUNK_ROWS})
    kill(file)
    first = examined(path)
    LiveFile.open(path).abandon()
    assert examined(path) == first


def test_a_copy_without_its_headroom_is_given_it_back(path):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(CHUNK_ROWS))
    kill(file)
    os.truncate(path, file.true_end)
    with Snapshot(path) as snapshot, snapshot.structure() as h5:
        assert h5["columns/one"][-1] == CHUNK_ROWS - 1
    file = LiveFile.open(path)
    with h5py.File(path) as h5:
        assert h5["columns/one"][-1] == CHUNK_ROWS - 1
    assert found_datasets(file)[0].read(0, CHUNK_ROWS).tolist() == list(range(CHUNK_ROWS))
    file.close()


@pytest.mark.parametrize(("where", "last"), [(transaction, "apply"), (OnDisk, "secure")])
def test_others_see_no_step_back_while_it_is_put_right(path, monkeypatch, where, last):
    """Two changes are in the journal; the second was applied, or not."""
    file, (one,) = file_with(path, "one")
    for chunks in (2, 3, 4):
        file.grow({one: chunks * CHUNK_ROWS})
    real_last = getattr(where, last)
    with monkeypatch.context() as patch:

        def killed(*given):
            real_last(*given)
            raise Killed

        patch.setattr(where, last, killed)
        with pytest.raises(Killed):
            file.grow({one: 5 * CHUNK_ROWS})
    file.raw.write(file.raw.size - 10_000, b"left by a change that never happened")
    kill(file)
    extents = []

    def look(name):
        real = getattr(RawFile, name)

        def call(raw, *given):
            real(raw, *given)
            with h5py.File(path) as h5:
                extents.append(h5["columns/one"].shape[0])

        monkeypatch.setattr(RawFile, name, call)

    for name in ("write", "resize"):
        look(name)
    opened = LiveFile.open(path)
    assert extents == sorted(extents)
    assert not extents or extents[0] >= 4 * CHUNK_ROWS
    monkeypatch.undo()
    assert not any(opened.raw.read(opened.true_end, opened.raw.size - opened.true_end))
    opened.abandon()


@pytest.mark.parametrize("closed", [True, False])
def test_a_copy_that_was_cut_short_is_refused(path, closed):
    file, (one,) = file_with(path, "one")
    append(one, np.arange(CHUNK_ROWS))
    end = file.true_end
    if closed:
        file.close()
        end = path.stat().st_size
    else:
        kill(file)
    with path.open("r+b") as copy:
        copy.truncate(end - 1)
    with pytest.raises(DamagedFile, match="cut short"):
        LiveFile.open(path)
    with Snapshot(path) as snapshot, pytest.raises(DamagedFile, match="cut short"):
        snapshot.structure()
    assert path.stat().st_size == end - 1


def test_rows_that_are_known_to_be_on_disk(path):
    """They are noted in the change after the one whose sync put them there."""
    file = StreamFile.create(path)
    stream = file.create_record_stream("s", {"x": "f8"})
    for key in range(7):
        stream.append(key, {"x": np.arange(3.0)})
    file.create_record_stream("t", {"x": "f8"})
    stream.append(7, {"x": np.arange(3.0)})
    file.create_record_stream("u", {"x": "f8"})
    offset = stream.datasets[0].first_offset
    file._file.abandon()
    assert examined(path).synced[offset] == 7
