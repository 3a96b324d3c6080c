"""A slot of the journal is read as it was written, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import NotALongtakeFile
from longtake.hdf import journal
from longtake.hdf.journal import Change, Edit, SlotOverflow
from longtake.hdf.raw_file import RawFile

numbers = st.integers(0, 2**64 - 1)
edits = st.integers(0, 40).flatmap(
    lambda length: st.builds(
        Edit,
        numbers,
        st.binary(min_size=length, max_size=length),
        st.binary(min_size=length, max_size=length),
    )
)
changes = st.builds(
    Change,
    *[numbers] * 4,
    fresh=st.lists(st.tuples(numbers, numbers, numbers), max_size=4).map(tuple),
    edits=st.lists(edits, max_size=4).map(tuple),
    synced=st.dictionaries(numbers, numbers, max_size=4),
)


@pytest.fixture
def raw(tmp_path):
    raw = RawFile.creating(tmp_path / "journal")
    raw.resize(journal.OFFSET + journal.SIZE)
    yield raw
    raw.close()


@given(changes)
def test_a_change_round_trips(change):
    data = journal.encode(change)
    assert journal.decode(data) == change
    assert journal.decode(data + b"what the slot held before") == change
    assert change.is_settled == (not change.edits and not change.fresh)


@given(old=changes, new=changes, data=st.data())
@settings(max_examples=300)
def test_a_torn_slot_decodes_to_nothing_else(old, new, data):
    """Any mixture of the old and the new bytes, in sectors or cut anywhere."""
    before, after = journal.encode(old), journal.encode(new)
    size = max(len(before), len(after))
    before, after = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    cut = data.draw(st.integers(0, size))
    torn = after[:cut] + before[cut:]
    assert journal.decode(torn) in (None, old, new)
    assert journal.decode(before[:cut] + after[cut:]) in (None, old, new)


@given(change=changes, data=st.data())
def test_a_changed_byte_is_noticed(change, data):
    slot = bytearray(journal.encode(change))
    at = data.draw(st.integers(0, len(slot) - 1))
    slot[at] ^= data.draw(st.integers(1, 255))
    assert journal.decode(bytes(slot)) is None


@given(st.binary(max_size=200))
def test_other_bytes_decode_to_nothing(data):
    assert journal.decode(data) is None
    assert journal.decode(journal.MAGIC + data) is None


def test_a_change_too_large_for_its_slot_is_refused():
    fits = (journal.SLOT_SIZE - 64 - 16 - 16) // 2
    journal.encode(Change(1, 0, 0, 0, edits=(Edit(0, bytes(fits), bytes(fits)),)))
    with pytest.raises(SlotOverflow, match="does not fit"):
        journal.encode(Change(1, 0, 0, 0, edits=(Edit(0, bytes(fits + 1), bytes(fits + 1)),)))


def test_slots_are_written_in_turn_and_read_oldest_first(raw):
    for generation in range(5):
        journal.write(raw, Change(generation, 0, 0, 0))
        assert journal.head(raw).generation == generation
        assert [c.generation for c in journal.read(raw)] == [
            *([generation - 1] if generation else []),
            generation,
        ]


def test_a_torn_newest_slot_leaves_the_one_before(raw):
    journal.write(raw, Change(1, 0, 0, 0))
    journal.write(raw, Change(2, 0, 0, 0))
    raw.write(journal.OFFSET + 20, b"\xff")
    assert [c.generation for c in journal.read(raw)] == [1]


def test_a_file_without_a_journal_is_refused(raw):
    with pytest.raises(NotALongtakeFile, match="choose another name"):
        journal.read(raw)


def test_a_slot_that_is_being_written_is_read_again(raw, monkeypatch):
    """A slow reader may catch both slots half written."""
    journal.write(raw, Change(3, 0, 0, 0))
    read = raw.read
    looks = iter([b"torn"])
    monkeypatch.setattr(raw, "read", lambda *place: next(looks, None) or read(*place))
    assert [c.generation for c in journal.read(raw)] == [3]


def test_a_change_of_a_file_that_was_cut_short_under_its_writer_is_none():
    """What the range held before was not all there any more."""
    edits = (journal.Edit(4096, b"short", b"as long as it was"), journal.Edit(9000, b"a", b"b"))
    whole = journal.encode(journal.Change(3, 1, 2, 3, (), edits))
    assert journal.decode(whole) is None
