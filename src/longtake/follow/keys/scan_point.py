"""What a scan measured at one point."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class ScanPoint(dict[str, "np.ndarray"]):
    """The frame of each dataset at one point of a scan, by the name given to the dataset.

    Attributes
    ----------
    index : int
        The number of the point, in C order; of a chunk, its first row.
    slice_metadata : sequence of slice
        Where in the scan it is: one slice for each of the scan's dimensions.
    maxshape : sequence of (int or None)
        The greatest shape of the scan; None where there is no limit.
    """

    __slots__ = ("index", "maxshape", "slice_metadata")

    index: int
    slice_metadata: tuple[slice, ...] | list[slice]
    maxshape: tuple[int | None, ...] | list[int | None]
