"""The structure of a file as it is at one moment, open to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from longtake.hdf import layout
from longtake.hdf.dataset import GrowingDataset

if TYPE_CHECKING:
    import h5py

    from longtake.hdf.overlay import Overlay


class Structure:
    """What HDF5 says of a file that is appended to in place.

    To be closed soon: it does not follow the writer.

    Parameters
    ----------
    overlay : Overlay
        Of the file as it is now.
    """

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self.h5: h5py.File = layout.open_h5(overlay, "r")

    def dataset(self, dataset: h5py.Dataset, known: GrowingDataset | None = None) -> GrowingDataset:
        """Learn where the rows of a dataset are.

        Of one that is known, only what it has grown by is looked for, so that this takes no longer
        for a file that has grown large.
        """
        if known is not None and known.grow(dataset, self._overlay):
            return known
        return GrowingDataset.of(self._overlay.raw, dataset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.h5.close()
