"""Results of the points of a scan, in a dataset that grows with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py
    from numpy.typing import ArrayLike

#: Results of fewer values than this lie together in one chunk,
_FEW = 10
#: at most so many: a chunk is written as a whole, and a scan can be larger than any chunk.
_TOGETHER = 65536


def create_dataset(
    data: ArrayLike,
    scan_maxshape: Sequence[int | None],
    fh: h5py.Group,
    path: str,
    **kwargs: Any,
) -> h5py.Dataset:
    """Make a dataset for results, one for each point of a scan, with the first in it.

    Parameters
    ----------
    data : array
        The result of the first point.
    scan_maxshape : sequence of (int or None)
        The greatest shape of the scan: `ScanPoint.maxshape`.
    fh : h5py.File or h5py.Group
    path : str
        Where in it to make the dataset.
    **kwargs
        What else ``h5py.Group.create_dataset`` takes, such as ``compression``.

    Returns
    -------
    h5py.Dataset
        Of shape (1, …, 1, *data.shape), with the scan's limits. Its chunks are of one result; of
        results of less than 10 values, of as many as the scan can have in each direction that has
        a limit, but 65,536 in all.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> with h5py.File(os.path.join(tempfile.mkdtemp(), "results.h5"), "w") as file:
    ...     sums = create_dataset(7.5, (2, 3), file, "processed/sums")
    ...     append_data(8.5, (slice(1, 2), slice(0, 1)), sums)
    ...     sums[...]
    array([[7.5],
           [8.5]])
    """
    values = np.asarray(data)
    limits = tuple(scan_maxshape)
    first = (1,) * len(limits)
    chunks = first if values.size >= _FEW else _together(limits)
    options = {"chunks": (*chunks, *values.shape), "maxshape": (*limits, *values.shape)}
    dataset = fh.create_dataset(path, (*first, *values.shape), values.dtype, **(options | kwargs))
    dataset[...] = values
    return dataset


def _together(limits: tuple[int | None, ...]) -> tuple[int, ...]:
    """Give how many points to keep in one chunk in each direction, whole rows first."""
    room, lengths = _TOGETHER, []
    for limit in reversed(limits):
        lengths.append(min(limit or 1, room))
        room //= lengths[-1]
    return tuple(reversed(lengths))


def append_data(data: ArrayLike, slice_metadata: Sequence[slice], dataset: h5py.Dataset) -> None:
    """Put the result of one point where it belongs; the dataset grows to hold it.

    Parameters
    ----------
    data : array
    slice_metadata : sequence of slice
        Where: `ScanPoint.slice_metadata`.
    dataset : h5py.Dataset
        As `create_dataset` makes it.
    """
    at = tuple(slice_metadata)
    needed = [max(part.stop, length) for part, length in zip(at, dataset.shape, strict=False)]
    dataset.resize((*needed, *dataset.shape[len(at) :]))
    dataset[at] = data


def refresh_dataset(dataset: object) -> None:
    """See what was written to a dataset until now, if it is one that can be refreshed."""
    refresh = getattr(dataset, "refresh", None)
    if refresh is not None:
        refresh()
