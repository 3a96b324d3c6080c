"""Putting right what can be read of a recording of which a part is damaged."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from longtake.errors import DamagedFile
from longtake.hdf import GrowingDataset, LiveFile
from longtake.hdf.attributes import write_attribute
from longtake.streams import stream_groups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py

    from longtake.hdf.raw_file import RawFile
    from longtake.streams.columns import ColumnSet


def salvage(path: Path) -> None:
    """Finish a recording that a crash left, all but the streams that cannot be read.

    Those stay as they are. So do the attributes: they are read with their updates, which are
    entries, and to write what was read in part would lose the rest.

    Raises
    ------
    DamagedFile, FileChangedElsewhere
        If the file as a whole cannot be put right.
    WriteFailed
        If the disk is full or broken.
    """
    file = LiveFile.open(path)
    try:
        streams: list[list[ColumnSet]] = []

        def look(h5: h5py.File) -> list[GrowingDataset]:
            streams.extend(_readable(file.raw, h5))
            return [dataset for sets in streams for columns in sets for dataset in columns.datasets]

        file.read(look)
        for sets in streams:
            _cut(sets, file.synced_rows)
        file.change(_mark)
    except BaseException:
        file.abandon()  # to close is to cut off what was not found yet
        raise
    file.close()


def _readable(raw: RawFile, h5: h5py.File) -> Iterator[list[ColumnSet]]:
    """Give the sets of each stream that can be read; who checks the file is told of the others."""
    of = partial(GrowingDataset.of, raw)
    for kind in stream_groups.KINDS:
        names: list[str] = []
        with suppress(DamagedFile):
            names = stream_groups.stream_names(raw, h5, kind)
        for name in names:
            with suppress(DamagedFile):
                yield stream_groups.stored_stream(raw, h5, kind, name, of).sets
    with suppress(DamagedFile):
        yield stream_groups.control_sets(raw, h5)


def _cut(sets: list[ColumnSet], synced_rows: dict[int, int]) -> None:
    """Cut what is not whole, as the stream's writer would."""
    for columns in sets:
        columns.advance()
        columns.cut_damaged(synced_rows.get(columns.index.first_offset, 0))
        columns.clear_tails()
        columns.complete_keys()
    for later in sets[1:]:
        later.cut_orphans(len(sets[0]))


def _mark(h5: h5py.File) -> list[GrowingDataset]:
    write_attribute(h5, "state", "recovered")
    return []
