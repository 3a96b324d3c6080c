"""Small files with growing datasets, for the tests of the layer below the streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.hdf import GrowingDataset, LiveFile, layout

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

CHUNK_ROWS = 512  # of i8: a page


def file_with(path: Path, *names: str) -> tuple[LiveFile, list[GrowingDataset]]:
    """Make a file with a column of i8 under each name, a chunk long."""
    file = LiveFile.create(path, {})
    return file, add(file, *names)


def add(file: LiveFile, *names: str) -> list[GrowingDataset]:
    """Add columns of i8 to the group `columns`, in one change."""

    def edit(h5: h5py.File) -> list[GrowingDataset]:
        group = layout.require_group(h5, "columns")
        return [GrowingDataset.of(file.raw, column(group, name)) for name in names]

    return file.change(edit)


def column(group: h5py.Group, name: str) -> h5py.Dataset:
    """Make one column of i8, a chunk long."""
    return layout.create_column(
        group, name, np.dtype("<i8"), rows=CHUNK_ROWS, chunk_rows=CHUNK_ROWS
    )


def append(dataset: GrowingDataset, values: np.ndarray) -> None:
    """Write rows after those in use, for which there must be room."""
    dataset.write(dataset.rows, values.astype("<i8").tobytes())
    dataset.rows += len(values)


def found_datasets(file: LiveFile) -> list[GrowingDataset]:
    """Load the columns of an opened file, all of their capacity in use."""

    def look(h5: h5py.File) -> list[GrowingDataset]:
        return [
            GrowingDataset.of(file.raw, layout.dataset_at(h5, f"columns/{name}"))
            for name in h5["columns"]  # pyright: ignore[reportGeneralTypeIssues]
        ]

    datasets = file.read(look)
    for dataset in datasets:
        dataset.rows = dataset.capacity
    return datasets
