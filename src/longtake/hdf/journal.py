"""The structure journal: the last two structure changes, kept inside the file.

The dataset ``/control/journal`` lies at byte 4096 of every longtake file. Its two slots are
written in turn. A slot is one `Change`, or the mark that everything before it is applied and on
disk::

    header  magic 8s | generation | true end before | true end after | published end
            | body length | xxh3 of the body | xxh3 of this header         (u8 each, 64 bytes)
    body    counts (u4 x 3, padding u4)
            fresh   offset, length, xxh3            for each range past the old end
            edits   offset, length, before, after   for each range that existed
            synced  place, rows                     rows known to be on disk, by index

Numbers are little-endian. The upper half of a generation counts the writers that the file has had:
where chunks are stays as it is while one of them writes, and the next may find other places.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from xxhash import xxh3_64_intdigest

from longtake.errors import DamagedFile, NotALongtakeFile

if TYPE_CHECKING:
    from longtake.hdf.raw_file import RawFile

OFFSET = 4096
SLOT_SIZE = 256 * 1024
SIZE = 2 * SLOT_SIZE
MAGIC = b"LTjournl"
#: A slow reader may meet both slots while they are being written, but not again and again.
_LOOKS = 3
_WRITER_BITS = 32
_HEADER = struct.Struct("<8sQQQQQQQ")
_COUNTS = struct.Struct("<IIII")
_FRESH = struct.Struct("<QQQ")
_PAIR = struct.Struct("<QQ")


@dataclass(frozen=True)
class Edit:
    """A range of bytes that a change alters in place."""

    offset: int
    before: bytes
    after: bytes


@dataclass(frozen=True)
class Change:
    """One structure change, or (without ranges) the mark that nothing is left to do.

    `true_before` and `true_after` are where allocated space ends, `published` is the end of file
    that the superblock tells readers; `fresh` holds (offset, length, xxh3) of the ranges past
    the old end; `synced` gives, by the file offset of an index, how many of its rows were on
    disk for certain before this change began.
    """

    generation: int
    true_before: int
    true_after: int
    published: int
    fresh: tuple[tuple[int, int, int], ...] = ()
    edits: tuple[Edit, ...] = ()
    synced: dict[int, int] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether this only marks that everything before it is applied."""
        return not self.edits and not self.fresh


class SlotOverflow(DamagedFile):
    """A change is too large for its slot; it must be made in several steps."""


def encode(change: Change) -> bytes:
    """Give a slot's bytes: header and body, to be written in one piece."""
    parts = [_COUNTS.pack(len(change.fresh), len(change.edits), len(change.synced), 0)]
    parts += [_FRESH.pack(*item) for item in change.fresh]
    for edit in change.edits:
        parts += [_PAIR.pack(edit.offset, len(edit.before)), edit.before, edit.after]
    parts += [_PAIR.pack(*item) for item in change.synced.items()]
    body = b"".join(parts)
    if _HEADER.size + len(body) > SLOT_SIZE:
        raise SlotOverflow(f"a structure change of {len(body)} bytes does not fit in its slot")
    head = _HEADER.pack(
        MAGIC, change.generation, change.true_before, change.true_after, change.published,
        len(body), xxh3_64_intdigest(body), 0,
    )[:-8]  # fmt: skip
    return head + struct.pack("<Q", xxh3_64_intdigest(head)) + body


def decode(data: bytes) -> Change | None:
    """Read one slot; None if it was never written whole."""
    if len(data) < _HEADER.size or data[:8] != MAGIC:
        return None
    _, generation, before, after, published, length, body_hash, head_hash = _HEADER.unpack_from(
        data
    )
    if xxh3_64_intdigest(data[: _HEADER.size - 8]) != head_hash:
        return None
    body = data[_HEADER.size : _HEADER.size + length]
    if len(body) != length or xxh3_64_intdigest(body) != body_hash:
        return None
    try:
        return Change(generation, before, after, published, *_decode_body(body))
    except struct.error:  # its writer did not see that the file was cut short under it
        return None


def _decode_body(
    body: bytes,
) -> tuple[tuple[tuple[int, int, int], ...], tuple[Edit, ...], dict[int, int]]:
    fresh_count, edit_count, synced_count, _ = _COUNTS.unpack_from(body)
    at = _COUNTS.size
    fresh = []
    for _ in range(fresh_count):
        fresh.append(_FRESH.unpack_from(body, at))
        at += _FRESH.size
    edits = []
    for _ in range(edit_count):
        offset, length = _PAIR.unpack_from(body, at)
        at += _PAIR.size
        edits.append(Edit(offset, body[at : at + length], body[at + length : at + 2 * length]))
        at += 2 * length
    if at + synced_count * _PAIR.size != len(body):
        raise struct.error("the lengths in it contradict each other")
    synced = dict(_PAIR.unpack_from(body, at + i * _PAIR.size) for i in range(synced_count))
    return tuple(fresh), tuple(edits), synced


def write(raw: RawFile, change: Change) -> None:
    """Put a change into its slot; not synced."""
    raw.write(place(change)[0], encode(change))


def place(change: Change) -> tuple[int, int]:
    """Give the offset of a change in the file, and its length."""
    return OFFSET + (change.generation & 1) * SLOT_SIZE, len(encode(change))


def read(raw: RawFile) -> list[Change]:
    """Give the slots that were written whole, oldest first."""
    for _ in range(_LOOKS):
        data = raw.read(OFFSET, SIZE)
        slots = (decode(data[:SLOT_SIZE]), decode(data[SLOT_SIZE:]))
        changes = sorted((slot for slot in slots if slot), key=lambda change: change.generation)
        if changes:
            return changes
    raise NotALongtakeFile(
        f"{raw.path} was not made by longtake: it has no structure journal, and was left as "
        "it is; choose another name for the output"
    )


def first_of_next_writer(generation: int) -> int:
    """Give the generation that a writer counts from who finds this one; the next slot stays so."""
    return (writer_of(generation) + 1 << _WRITER_BITS) | (generation & 1)


def writer_of(generation: int) -> int:
    """Give the number of the writer who made a change."""
    return generation >> _WRITER_BITS


class Head(NamedTuple):
    """What the newest slot says at its beginning.

    Attributes
    ----------
    generation : int
    is_settled : bool
        Whether nothing is left to do: the file was closed then.
    """

    generation: int
    is_settled: bool


def head(raw: RawFile) -> Head:
    """Give what the newest slot says, reading as little as possible; 0 where there is none."""
    heads = (raw.read(OFFSET, _HEADER.size), raw.read(OFFSET + SLOT_SIZE, _HEADER.size))
    found = [_HEADER.unpack(head) for head in heads if len(head) == _HEADER.size]
    _, generation, *_, length, _, _ = max(found, key=itemgetter(1), default=(b"",) + (0,) * 7)
    return Head(generation, length == _COUNTS.size)
