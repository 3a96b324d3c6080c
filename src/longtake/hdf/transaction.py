"""A structure change, applied so that no crash and no reader ever meets half of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from longtake.errors import DamagedFile
from longtake.hdf import journal, superblock
from longtake.hdf.journal import Change, Edit

if TYPE_CHECKING:
    from longtake.hdf.live_ranges import LiveRanges
    from longtake.hdf.overlay import Overlay
    from longtake.hdf.raw_file import RawFile

#: How far the published end runs ahead, at the least. It is sparse: it costs no disk. A reader
#: that holds the file open stays right until the file has grown by so much.
HEADROOM = 64 * 1024 * 1024


def plan(overlay: Overlay, generation: int, published: int, synced: dict[int, int]) -> Change:
    """Work out what an edited overlay changes in the file, in the order to apply it.

    Children come first and object headers last, so that whatever can be reached at any moment
    is whole; a superblock that moves the published end comes before everything.
    """
    raw, true_before = overlay.raw, overlay.true_end
    true_after = overlay.superblock.end_of_file
    new_published = (
        published if true_after <= published else true_after + max(HEADROOM, true_after // 4)
    )
    fresh: list[tuple[int, int, int]] = []
    edits: list[Edit] = []
    for offset, data in overlay.writes:
        if offset < superblock.SIZE:
            data, offset = data[superblock.SIZE - offset :], superblock.SIZE
        old, new = data[: max(0, true_before - offset)], data[max(0, true_before - offset) :]
        if new:
            start = max(offset, true_before)
            fresh.append((start, len(new), xxh3_64_intdigest(new)))
        if old and (before := raw.read(offset, len(old))) != old:
            edits.append(Edit(offset, before, old))
    edits.sort(key=lambda edit: (b"OHDR" in edit.after, b"OCHK" not in edit.after, edit.offset))
    if new_published != published:
        edits.insert(0, _publish(raw, new_published))
    return Change(
        generation, true_before, true_after, new_published, tuple(fresh), tuple(edits), synced
    )


def headers_first(change: Change) -> Change:
    """Give a change that takes something away in the order to apply it.

    A header must not show for a moment what is gone already.
    """
    first = [edit for edit in change.edits if edit.offset == 0]
    rest = [edit for edit in change.edits if edit.offset != 0]
    return replace(change, edits=(*first, *reversed(rest)))


def plan_end(overlay: Overlay, generation: int, published: int) -> Change:
    """Plan to publish the true end of the file; then what is edited, for it is seen last."""
    end = overlay.true_end
    change = plan(overlay, generation, end, {})
    if published == end:
        return change
    return replace(change, edits=(_publish(overlay.raw, end), *change.edits))


def _publish(raw: RawFile, end: int) -> Edit:
    before = raw.read(0, superblock.SIZE)
    return Edit(0, before, superblock.Superblock.parse(before).with_end(end).pack())


def write_fresh(raw: RawFile, change: Change, overlay: Overlay) -> None:
    """Write the new ranges; nothing refers to them yet."""
    if raw.size < change.published:
        raw.resize(change.published)
    for offset, length, _ in change.fresh:
        raw.write(offset, overlay.peek(offset, length))


def write_ahead(raw: RawFile, change: Change) -> None:
    """Put into the journal all that is needed to finish the change after a crash."""
    journal.write(raw, change)


def apply(raw: RawFile, change: Change) -> None:
    """Make the change visible, one write a range."""
    for edit in change.edits:
        raw.write(edit.offset, edit.after)


def refuse_live(change: Change, live: LiveRanges, where: object) -> None:
    """Raise if the change would write over ranges that rows are appended to.

    HDF5 rewrites a dataset's last chunk when the dataset shrinks; beside live appends that
    would overwrite newer data, so nothing that shrinks is ever done while recording.
    """
    for edit in change.edits:
        if live.touches(edit.offset, edit.offset + len(edit.after)):
            raise DamagedFile(
                f"{where}: a structure change would write over stored rows at byte "
                f"{edit.offset}; it was not made"
            )
