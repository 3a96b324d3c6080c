"""What a crash left in the structure of a file, and how it is put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh3_64_intdigest

from longtake.errors import DamagedFile, FileChangedElsewhere
from longtake.hdf import journal, superblock
from longtake.hdf.journal import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from longtake.hdf.journal import Change
    from longtake.hdf.raw_file import RawFile


@dataclass(frozen=True)
class Recovered:
    """How to see a file as it was after its last whole structure change.

    `patches` are the bytes to write (they may be there already); `clean` says that the last
    writer closed the file, so that nothing after it needs to be looked at.
    """

    generation: int
    true_end: int
    published: int
    patches: tuple[tuple[int, bytes], ...]
    synced: dict[int, int]
    clean: bool


def examine(raw: RawFile) -> Recovered:
    """Read the journal and the superblock; write nothing.

    Raises
    ------
    NotALongtakeFile
        If the file has no journal.
    FileChangedElsewhere
        If ranges that the journal would put right hold neither their old nor their new bytes.
    """
    changes = journal.read(raw)
    newest = changes[-1]
    if newest.is_settled:
        return _settled(raw, newest)
    if not _fresh_ranges_are_whole(raw, newest) and not _is_applied(raw, changes):
        # It was never synced: it did not happen. (Had it been applied, another program would
        # have altered the new ranges since.)
        changes.pop()
        if not changes or changes[-1].is_settled:
            return _undone(raw, newest, changes[-1] if changes else None)
        newest = changes[-1]
    replay = [change for change in changes if not change.is_settled]
    _require_known_bytes(raw, replay)
    edits = [edit for change in replay for edit in change.edits]
    published_now = superblock.Superblock.parse(raw.read(0, superblock.SIZE)).end_of_file
    known_ends = {newest.published} | {change.published for change in replay}
    old_end = _published_before(replay)
    if published_now in known_ends or published_now == old_end:
        true_end, published = newest.true_after, newest.published
    else:  # another program has allocated since
        true_end = published = published_now
        edits = [edit for edit in edits if edit.offset > 0]  # and its superblock is the right one
    patches = tuple(_final_bytes(edits))
    return Recovered(newest.generation, true_end, published, patches, newest.synced, clean=False)


def require_whole(raw: RawFile, found: Recovered) -> None:
    """Raise `DamagedFile` if the file is shorter than what it holds.

    Only its headroom may be missing: a crash in the midst of clearing it leaves that.
    """
    if raw.size < found.true_end:
        raise DamagedFile(
            f"{raw.path} has {raw.size} bytes of the {found.true_end} it was written with: it was "
            "cut short, perhaps while it was copied"
        )


def put_right(raw: RawFile, found: Recovered) -> None:
    """Write what `examine` found to be missing; what is there already is left alone."""
    # Others read the file meanwhile: nothing may go back to what it was, nor the file be short.
    missing = [(at, new) for at, new in found.patches if raw.read(at, len(new)) != new]
    for offset, data in missing:
        raw.write(offset, data)
    # What lies past the true end is headroom, or a change that never happened: it must be zeros
    # again, as fresh chunks are.
    raw.clear_from(found.true_end)
    if raw.size < found.published:
        raw.resize(found.published)
    if missing:
        raw.sync()


def _settled(raw: RawFile, mark: Change) -> Recovered:
    end = superblock.Superblock.parse(raw.read(0, superblock.SIZE)).end_of_file
    return Recovered(mark.generation, end, end, (), {}, clean=True)


def _undone(raw: RawFile, dropped: Change, before: Change | None) -> Recovered:
    """The very first change after a clean close did not happen."""
    end = superblock.Superblock.parse(raw.read(0, superblock.SIZE)).end_of_file
    generation = before.generation if before else dropped.generation - 1
    return Recovered(generation, end, end, (), {}, clean=True)


def _final_bytes(edits: list[Edit]) -> Iterator[tuple[int, bytes]]:
    """Give what the ranges of successive edits hold after the last, in the order to write them.

    What is there already is so left alone: to do both changes again would be to undo the second
    for a moment, before the eyes of those who read.
    """
    for number, edit in enumerate(edits, 1):
        later = edits[number:]
        end = edit.offset + len(edit.after)
        if any(o.offset <= edit.offset and end <= o.offset + len(o.after) for o in later):
            continue
        left = bytearray(edit.after)
        for other in later:
            low, high = max(edit.offset, other.offset), min(end, other.offset + len(other.after))
            if low < high:
                new = other.after[low - other.offset : high - other.offset]
                left[low - edit.offset : high - edit.offset] = new
        yield edit.offset, bytes(left)


def _published_before(replay: list[Change]) -> int | None:
    """The published end that the superblock may still show from before the replayed changes."""
    for edit in replay[0].edits:
        if edit.offset == 0:
            return superblock.Superblock.parse(edit.before).end_of_file
    return None


def _fresh_ranges_are_whole(raw: RawFile, change: Change) -> bool:
    return all(
        xxh3_64_intdigest(raw.read(offset, length)) == digest
        for offset, length, digest in change.fresh
    )


def _is_applied(raw: RawFile, changes: list[Change]) -> bool:
    """Whether the newest change was applied, at least in part."""
    *older, newest = changes
    known = [Edit(edit.offset, edit.before, edit.before) for edit in newest.edits]
    known += [edit for change in older for edit in change.edits]
    return _strange_byte(raw, newest.edits, known) is not None


def _require_known_bytes(raw: RawFile, changes: list[Change]) -> None:
    """Each byte to be written must hold a value that some replayed change gave or found."""
    edits = [edit for change in changes for edit in change.edits]
    at = _strange_byte(raw, edits, edits)
    if at is not None:
        raise FileChangedElsewhere(
            f"{raw.path} was left by a crash and then changed by another program (byte {at}): it "
            "cannot be put right for writing without losing that change; it can still be read"
        )


def _strange_byte(raw: RawFile, places: Iterable[Edit], known: list[Edit]) -> int | None:
    """Give where, in `places`, the first byte is that no `known` edit gave or found; or None."""
    for edit in places:
        if edit.offset == 0:
            continue  # the superblock's end is judged by itself
        size = len(edit.after)
        now = np.frombuffer(raw.read(edit.offset, size).ljust(size, b"\0"), np.uint8)
        strange = np.ones(size, bool)
        for other in known:
            low = max(edit.offset, other.offset)
            high = min(edit.offset + size, other.offset + len(other.after))
            here = slice(low - edit.offset, high - edit.offset)
            there = slice(low - other.offset, high - other.offset)
            for image in (other.before, other.after) if low < high else ():
                strange[here] &= now[here] != np.frombuffer(image, np.uint8)[there]
        if strange.any():
            return edit.offset + int(np.argmax(strange))
    return None
