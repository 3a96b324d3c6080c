"""A reader's view of a file's structure: finished, being written, or left by a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from longtake.errors import FileChangedElsewhere, NotALongtakeFile, NotFound
from longtake.hdf import journal, layout, locks, recovery, superblock
from longtake.hdf.overlay import Overlay
from longtake.hdf.raw_file import RawFile
from longtake.hdf.structure import Structure

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

    from longtake.hdf.journal import Change

_AHEAD = 2**50


class Snapshot:
    """Opens a longtake file to read only, whoever is writing it.

    The structure is read through h5py's file-object driver, which shares nothing with other
    open handles and so sees every change; rows are read at their byte offsets.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.raw = RawFile.reading(path)
        except FileNotFoundError as error:
            raise NotFound(error.errno, f"there is no file {path}") from error
        self.path = path

    @property
    def is_being_written(self) -> bool:
        """Whether a writer holds the file at this moment."""
        return locks.is_taken(self.raw)

    @property
    def was_closed(self) -> bool:
        """Whether the last writer finished the file; False also while one is writing."""
        try:
            return recovery.examine(self.raw).clean
        except (FileChangedElsewhere, NotALongtakeFile):
            return False

    @property
    def generation(self) -> int:
        """A number that grows with every structure change; it may be about to be applied."""
        return journal.head(self.raw).generation

    def has_moved(self, generation: int) -> bool:
        """Whether rows may be elsewhere than they were at that change.

        Closing a file gives back what was allocated ahead, and another writer may put anything
        there.
        """
        newest, is_settled = journal.head(self.raw)
        is_another = journal.writer_of(newest) != journal.writer_of(generation)
        return newest != generation and (is_settled or is_another)

    @property
    def applied_generation(self) -> int:
        """The number of the newest structure change that can be seen in full."""
        return self._newest_change().generation

    def structure(self) -> h5py.File:
        """Open the file's present structure; close it soon, it does not follow the writer."""
        return layout.open_h5(self._overlay(), "r")

    def look(self) -> Structure:
        """Open the file's present structure, to learn where the rows of its datasets are."""
        return Structure(self._overlay())

    def _overlay(self) -> Overlay:
        head = self.raw.read(0, superblock.SIZE)
        if not head.startswith(superblock.SIGNATURE):
            raise self._overwritten()
        end = superblock.Superblock.parse(head).end_of_file
        if self.is_being_written:
            # A change that is being applied is seen as if it had been. By the time that a chunk is
            # looked up, the file may have grown past the end that was read.
            edits = self._newest_change().edits
            patches = [(edit.offset, edit.after) for edit in edits if edit.offset]
            return Overlay(self.raw, end + _AHEAD, patches)
        try:
            found = recovery.examine(self.raw)
        except FileChangedElsewhere:
            # It cannot be put right, but the other program could open it as it is.
            return Overlay(self.raw, end)
        recovery.require_whole(self.raw, found)
        return Overlay(self.raw, max(end, found.true_end), found.patches)

    def _newest_change(self) -> Change:
        try:
            return journal.read(self.raw)[-1]
        except NotALongtakeFile as error:
            raise self._overwritten() from error

    def _overwritten(self) -> FileChangedElsewhere:
        return FileChangedElsewhere(
            f"another program has overwritten {self.path} since it was opened, or cut it short: "
            "what it held is gone; open it again to see what it holds now"
        )

    def close(self) -> None:
        """Give the file descriptor back."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
