"""The last seconds of a session, so that a recording of it can begin in the past."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longtake.streams.entry_codec import decode_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.rig.block import Block

#: Of one data stream, so many bytes of entries are kept at most.
_MOST_BYTES = 32 * 1024 * 1024
#: What an entry takes besides its content: objects, and places in a queue.
_ENTRY_BYTES = 200


class Backlog:
    """The newest blocks of a source.

    Parameters
    ----------
    frames : int
        How many frames are kept at least, once so many have been; 0 for none.
    start : int
        Timestamp of the first frame that will be added.

    Guarantees
    ----------
    Memory: `frames`, and a block. Blocks are copied, so a source may use its arrays again.

    Examples
    --------
    >>> import numpy as np
    >>> from longtake.rig.block import SPIKE, STIM, Block
    >>> backlog = Backlog(frames=50, start=0)
    >>> for start in range(0, 100, 25):
    ...     samples = np.full((25, 4), start, "int16")
    ...     backlog.add(Block(start, samples, np.empty(0, SPIKE), np.empty(0, STIM)))
    >>> backlog.start, [(block.start, len(block.samples)) for block in backlog.since(60)]
    (50, [(60, 15), (75, 25)])
    """

    def __init__(self, frames: int, start: int) -> None:
        self._frames = frames
        self._end = start
        self._blocks: deque[Block] = deque()

    @property
    def start(self) -> int:
        """Timestamp of the first frame that is kept; of the next to come, if there is none."""
        return self._blocks[0].start if self._blocks else self._end

    def add(self, block: Block) -> None:
        """Keep a block, which follows the one before, and forget those that are too old."""
        self._end = block.end
        if not self._frames:
            return
        parts = (block.samples, block.spikes, block.stims)
        self._blocks.append(replace(block, **_copied(*parts)))
        while self._blocks[0].end <= self._end - self._frames:
            self._blocks.popleft()

    def since(self, timestamp: int) -> Iterator[Block]:
        """Give what is kept from a frame on; the first block begins with that frame.

        Its spikes and stims may be of a time before.
        """
        for block in self._blocks:
            if block.end > timestamp:
                early = max(0, timestamp - block.start)
                yield replace(block, start=block.start + early, samples=block.samples[early:])


def _copied(samples: Any, spikes: Any, stims: Any) -> dict[str, Any]:
    return {"samples": samples.copy(), "spikes": spikes.copy(), "stims": stims.copy()}


class EntryBacklog:
    """The newest entries of a data stream.

    Parameters
    ----------
    frames : int
        Entries are kept until there is one that is later by so many frames; 0 for none.

    Guarantees
    ----------
    Memory: 32 MiB, or one entry.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._entries: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        #: The timestamp of the last entry that is not kept any more.
        self.forgotten: int | None = None

    def add(self, timestamp: int, content: bytes) -> None:
        """Keep an entry, encoded, that comes after the one before."""
        self._entries.append((timestamp, content))
        self._bytes += len(content) + _ENTRY_BYTES
        while self._entries and self._is_too_much(timestamp):
            self.forgotten, old = self._entries.popleft()
            self._bytes -= len(old) + _ENTRY_BYTES

    def _is_too_much(self, timestamp: int) -> bool:
        is_old = self._entries[0][0] <= timestamp - self._frames
        return is_old or (self._bytes > _MOST_BYTES and len(self._entries) > 1)

    def since(self, timestamp: int) -> Iterator[tuple[int, Any]]:
        """Give the entries that are kept from a timestamp on."""
        for key, content in self._entries:
            if key >= timestamp:
                yield key, decode_entry(content)
