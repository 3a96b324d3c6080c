"""The one writer of a file: structure changes, growth ahead of need, close."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Literal, Self, get_args

from longtake.errors import (
    Closed,
    FileChangedElsewhere,
    InvalidArgument,
    LongtakeError,
    NotFound,
    WriteFailed,
)
from longtake.hdf import creation, finished, journal, layout, locks, recovery, transaction
from longtake.hdf.journal import Change
from longtake.hdf.live_ranges import LiveRanges
from longtake.hdf.on_disk import OnDisk
from longtake.hdf.overlay import Overlay
from longtake.hdf.raw_file import RawFile
from longtake.hdf.untouched import require_untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import h5py

    from longtake.hdf.dataset import GrowingDataset

Durability = Literal["process", "interval", "entry"]
_DURABILITIES = get_args(Durability)

#: Datasets that change in one transaction; more of them could overflow a journal slot.
_BATCH = 16
_WATCH_S = 1.0
_INTERVAL_S = 1.0


class LiveFile:
    """An HDF5 file that is appended to in place, and is a plain, closed one at every moment.

    Parameters
    ----------
    raw : RawFile
        The open file; use `create` or `open`.
    durability : {"process", "interval", "entry"}
        What an append survives: the end of the process; a power cut a second later, or at once.

    Guarantees
    ----------
    One writer: a second one is refused. Every state on disk, also half way through a structure
    change, opens in any HDF5 reader. A crash loses nothing that `append` returned for.
    Threads: `change` and `grow` take turns; rows may be appended meanwhile.
    """

    def __init__(self, raw: RawFile, durability: Durability) -> None:
        self.raw = raw
        self.path = raw.path
        self.durability = durability
        locks.take(raw)
        found = recovery.examine(raw)
        recovery.require_whole(raw, found)
        self.generation = journal.first_of_next_writer(found.generation)
        self._first_generation = self.generation
        self._is_new = found.generation == 0
        self.true_end = found.true_end
        self.published = found.published
        self.was_clean = found.clean
        recovery.put_right(raw, found)
        self._datasets: list[GrowingDataset] = []
        self._on_disk = OnDisk(raw, self._datasets, found.synced, self._lose)
        self._live = LiveRanges()
        self._turn = threading.RLock()
        self._asking = threading.Lock()  # of those who ask for growth
        self._helper: ThreadPoolExecutor | None = None
        self._growing: Future[None] | None = None
        self.calm_until = 0.0  # in seconds of `time.monotonic`
        self._watch_at = monotonic() + _WATCH_S
        self._state: Literal["open", "closed", "broken"] = "open"
        self._lost: LongtakeError | None = None  # why nothing more is stored

    @classmethod
    def create(
        cls,
        path: Path,
        attributes: Mapping[str, object],
        durability: Durability = "process",
    ) -> Self:
        """Make a new file under a free name and become its writer.

        The file appears under its name whole, or not at all.
        """
        _require_durability(durability)
        image = bytearray(layout.empty_file(attributes))
        mark = journal.encode(Change(0, len(image), len(image), len(image)))
        image[journal.OFFSET : journal.OFFSET + len(mark)] = mark
        # Whoever waits for the name finds it being written.
        raw = creation.create(path, image, prepare=locks.take)
        try:
            return cls(raw, durability)
        except BaseException:
            raw.close()
            raise

    @classmethod
    def open(cls, path: Path, durability: Durability = "process") -> Self:
        """Become the writer of an existing file; what a crash left is put right."""
        _require_durability(durability)
        try:
            raw = RawFile.writing(path)
        except FileNotFoundError as error:
            raise NotFound(error.errno, f"there is no file {path}") from error
        try:
            return cls(raw, durability)
        except BaseException:
            raw.close()
            raise

    def read(self, look: Callable[[h5py.File], list[GrowingDataset]]) -> list[GrowingDataset]:
        """Look at the structure as it is; the datasets that are given will be appended to."""
        with self._turn:
            self._require_open()
            with layout.open_h5(Overlay(self.raw, self.true_end), "r") as h5:
                found = look(h5)
            self._datasets += found
            self._live.add(place for dataset in found for place in dataset.ranges())
            return found

    def change(self, edit: Callable[[h5py.File], list[GrowingDataset]]) -> list[GrowingDataset]:
        """Change the structure: all of it, or (after any error or crash) nothing.

        `edit` is given the file as an open h5py one, and returns the datasets that it made to
        be appended to. It may make groups, datasets and attributes of new objects; it must not
        delete, shrink or move anything.
        """
        with self._turn:
            self._require_open()
            overlay = Overlay(self.raw, self.true_end)
            with layout.open_h5(overlay, "r+") as h5:
                made = edit(h5)
            places = [place for dataset in made for place in dataset.ranges()]
            self._commit(overlay, self._plan(overlay), places, lambda: self._datasets.extend(made))
            return made

    def grow(self, capacities: Mapping[GrowingDataset, int]) -> None:
        """Make datasets hold at least so many rows, now."""
        with self._turn:
            self._require_open()
            wanted = [(d, rows) for d, rows in capacities.items() if rows > d.capacity]
            for first in range(0, len(wanted), _BATCH):
                self._grow_batch(wanted[first : first + _BATCH])

    @property
    def is_open(self) -> bool:
        """Whether structure changes can be made."""
        return self._state == "open" and not self.raw.is_closed and not self._lost

    @property
    def synced_rows(self) -> dict[int, int]:
        """Rows known to be on disk, by the offset of their index."""
        return self._on_disk.rows

    @property
    def is_growing(self) -> bool:
        """Whether the helper thread is making room."""
        return self._growing is not None and not self._growing.done()

    def grow_soon(self, capacities: Mapping[GrowingDataset, int]) -> None:
        """Do what `grow` does in a helper thread, unless it is at it already.

        Should it fail, the `grow` that is made when the space is needed says why.
        """
        self._require_open()
        with self._asking:
            if self.is_growing:
                return
            if self._helper is None:
                self._helper = ThreadPoolExecutor(1, thread_name_prefix="longtake-grow")
            self._growing = self._helper.submit(self._grow_quietly, dict(capacities))

    def appended(self) -> None:
        """Keep the promise of `durability` for the row just written, and watch the file.

        Until `calm_until` there is nothing to do, and who appends often need not ask.
        """
        if monotonic() > self._watch_at:
            self._watch()
        if self.durability == "entry":
            self._on_disk.sync_and_tell()
        elif self.durability == "interval":
            self._on_disk.sync_within(_INTERVAL_S)
        else:
            self.calm_until = self._watch_at
        self._require_kept()

    def _lose(self, error: LongtakeError) -> None:
        self._lost = error
        self.calm_until = 0.0

    def close(self) -> None:
        """Show the true extents and end, then say that all is there, and give the file back.

        Where that fails, and after a failed write, the file stays as a crash would leave it.
        """
        if self.raw.is_closed:  # also in a forked child, whose parent's it is
            return
        self._stop_threads()
        try:
            if self._state == "open":
                self._watch()
                self._require_kept()
                self._settle()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Give the file back as it is, as a crash would; the next `open` puts it right."""
        self._stop_threads()
        self._state = "closed"
        locks.release(self.raw)
        self.raw.close()

    def _stop_threads(self) -> None:
        if self._helper is not None:
            self._helper.shutdown(wait=True)
        self._on_disk.stop()

    def _settle(self) -> None:
        self._on_disk.sync()
        is_as_found = self.generation == self._first_generation and self.was_clean
        # A new file does not say yet that all of it is there.
        nothing_was_done = is_as_found and not self._is_new
        if nothing_was_done and not self._datasets and self.published == self.true_end:
            return
        wide = [d for d in self._datasets if d.rows < d.capacity]
        for first in range(0, len(wide), _BATCH):
            self._shrink_batch(wide[first : first + _BATCH])
        overlay = Overlay(self.raw, self.true_end)
        with layout.open_h5(overlay, "r+") as h5:
            finished.tell(h5)
        end = transaction.plan_end(overlay, self.generation + 1, self.published)
        if end.edits:
            self._commit(overlay, end, [], lambda: None)
        self.raw.sync()
        self.raw.resize(self.true_end)
        self.generation += 1
        journal.write(
            self.raw, Change(self.generation, self.true_end, self.true_end, self.true_end)
        )
        self.raw.sync()

    def _grow_quietly(self, capacities: Mapping[GrowingDataset, int]) -> None:
        with suppress(LongtakeError):
            self.grow(capacities)

    def _grow_batch(self, wanted: list[tuple[GrowingDataset, int]]) -> None:
        overlay = Overlay(self.raw, self.true_end)
        with layout.open_h5(overlay, "r+") as h5:
            found = [dataset.enlarge(h5, overlay, rows) for dataset, rows in wanted]
        places = [
            (offset, offset + dataset.chunk_rows * dataset.row_bytes)
            for (dataset, _), offsets in zip(wanted, found, strict=True)
            for offset in offsets
        ]

        def extend() -> None:
            for (dataset, rows), offsets in zip(wanted, found, strict=True):
                dataset.extend(offsets, rows)

        self._commit(overlay, self._plan(overlay), places, extend)

    def _shrink_batch(self, wide: list[GrowingDataset]) -> None:
        for dataset in wide:
            dataset.clear_tail()
        overlay = Overlay(self.raw, self.true_end)
        with layout.open_h5(overlay, "r+") as h5:
            for dataset in wide:
                layout.shrink(layout.dataset_at(h5, dataset.path), dataset.rows)

        def trim() -> None:
            for dataset in wide:
                dataset.capacity = dataset.rows

        self._commit(overlay, transaction.headers_first(self._plan(overlay)), [], trim)

    def _plan(self, overlay: Overlay) -> Change:
        return transaction.plan(overlay, self.generation + 1, self.published, self._on_disk.rows)

    def _commit(
        self,
        overlay: Overlay,
        change: Change,
        reserved: list[tuple[int, int]],
        take_in: Callable[[], None],
    ) -> None:
        """Make a change, then `take_in` what it means here."""
        transaction.refuse_live(change, self._live, self.path)
        is_ahead = False
        try:
            for start, end in reserved:
                self.raw.reserve(start, end - start)
            transaction.write_fresh(self.raw, change, overlay)
            is_ahead = True  # or about to be
            transaction.write_ahead(self.raw, change)
        except BaseException:
            self._state = "broken"  # should the next fail too
            if is_ahead:
                self._take_back(change)
            # Nothing refers to these bytes yet; they must be zeros when they are next used.
            self.raw.clear_from(self.true_end)
            self._state = "open"
            raise
        try:
            self._finish(change)
            take_in()
            self._live.add(reserved)
        except BaseException:
            self._state = "broken"  # stopped half way
            raise

    def _take_back(self, change: Change) -> None:
        """Put a change that does nothing into the journal in place of one that may be there.

        Readers take what the journal says for made. And it must be on the disk before the next
        change, or recovery might do both.
        """
        end, synced = self.true_end, self._on_disk.rows
        nothing = Change(change.generation, end, end, self.published, (), (), synced)
        journal.write(self.raw, nothing)
        self.raw.sync_range(*journal.place(nothing))
        self.generation = nothing.generation

    def _finish(self, change: Change) -> None:
        """Apply a change that is written ahead, once it would survive a power cut."""
        self._on_disk.secure(change)
        transaction.apply(self.raw, change)
        self._on_disk.applied(change)
        self.generation = change.generation
        self.true_end = change.true_after
        self.published = change.published

    def _require_open(self) -> None:
        if self._state == "closed" or self.raw.is_closed:
            raise Closed(f"{self.path} was closed; open it again to write on")
        self._require_kept()
        if self._state == "broken":
            raise WriteFailed(
                f"a write to {self.path} was stopped half way; close it and open it again, which "
                "puts it right"
            )

    def _require_kept(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _watch(self) -> None:
        """Notice what other programs did to the file."""
        self._watch_at = monotonic() + _WATCH_S
        try:
            require_untouched(self.raw, self.true_end)
        except FileChangedElsewhere as error:
            self._lose(error)


def _require_durability(durability: str) -> None:
    if durability not in _DURABILITIES:
        raise InvalidArgument(f"durability={durability!r} is none of {', '.join(_DURABILITIES)}")
