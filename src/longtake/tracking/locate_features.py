"""Features of one image, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from longtake.errors import InvalidArgument
from longtake.framewise.frame_number import ATTRIBUTE
from longtake.tracking.finding import Parameters, find

if TYPE_CHECKING:
    from collections.abc import Callable


def locate(
    raw_image: Any,
    diameter: Any,
    minmass: float | None = None,
    maxsize: float | None = None,
    separation: Any = None,
    noise_size: Any = 1,
    smoothing_size: Any = None,
    threshold: float | None = None,
    invert: bool = False,  # noqa: FBT001, FBT002 - trackpy's order of arguments
    percentile: float = 64,
    topn: int | None = None,
    preprocess: bool = True,  # noqa: FBT001, FBT002
    max_iterations: int = 10,
    filter_before: Any = None,
    filter_after: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    characterize: bool = True,  # noqa: FBT001, FBT002
    engine: str = "auto",
) -> pd.DataFrame:
    """Find the bright spots of about one size in an image, to a fraction of a pixel.

    Parameters
    ----------
    raw_image : (H, W) or (Z, H, W) array of integers, bool or floats
        A picture or a stack of slices. If it has an attribute `frame_no` (as pims' frames have),
        the features are labelled with it.
    diameter : odd int, or a tuple of them
        Extent of a feature, pixels: one number, or one for each axis in the order of the shape.
        When in doubt, round up.
    minmass : float, optional
        Features have a larger integrated brightness than this. Default 0.
    maxsize : float, optional
        Features have a smaller radius of gyration than this, pixels.
    separation : float or tuple, pixels, optional
        Of two features closer than this the dimmer one is dropped. Default ``diameter + 1``.
    noise_size : float or tuple, pixels
        Width (sigma) of the Gaussian that smooths the image.
    smoothing_size : odd int or tuple, pixels, optional
        Sides of the box whose rolling mean is the background. Default `diameter`.
    threshold : float, optional
        Pixels less than this above the background count as black. Default 1 for images of
        integers, 1/255 for images of floats.
    invert : bool
        Whether features are darker than their background.
    percentile : float
        A feature's peak is brighter than this percentage of the pixels that are not black.
    topn : int, optional
        Give only that many features, the brightest ones, the brightest last.
    preprocess : bool
        Whether to smooth the image and to subtract the background.
    max_iterations : int
        How often at most the window around a feature is moved to its centre.
    filter_before : None
        No longer known to trackpy either.
    filter_after : callable, optional
        Takes the table and gives the table to return.
    characterize : bool
        Whether to measure size, eccentricity, signal, raw mass and the error of the position too.
    engine : {'auto', 'numba', 'python'}
        Accepted because trackpy has it; the results are the same.

    Returns
    -------
    DataFrame
        One row a feature, float64, index 0 to n - 1: `y`, `x` (before them `z`, in a stack; pixels,
        from the middle of the first one), `mass` (integrated brightness), `size` (radius of
        gyration, pixels), `ecc` (eccentricity, 0 is round), `signal` (peak brightness), `raw_mass`
        (integrated brightness of the raw image), `ep` (estimated error of the position, pixels),
        and `frame` (int64) if the image has a `frame_no`. With different diameters along the axes
        there are `size_y`, `size_x` and `ep_y`, `ep_x`. Where nothing is found the table is empty,
        with the same columns. ``attrs["frame_no"]`` has the frame number too.

    Raises
    ------
    InvalidArgument
        If an argument cannot be used (an even diameter, say), the image does not suit it (it has
        channels, or is smaller than a feature), or has NaN or infinite pixels.
    WrongType
        If the image is not of numbers.

    Guarantees
    ----------
    Numbers and order of the rows are those of trackpy 0.7, in float64. Threads: several may call
    this at once, and do run in parallel. Memory: a few planes of the image's size a thread, kept
    for its next image, however large the diameter.

    Notes
    -----
    The method is that of Crocker & Grier, J. Colloid Interface Sci. 179, 298 (1996); `ep` follows
    Savin & Doyle, Biophys. J. 88, 623 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:64, :64]
    >>> image = sum(150 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 8)
    ...             for cy, cx in [(20, 30.5), (44.25, 12)])
    >>> locate(image.astype("uint8"), diameter=11)[["y", "x"]].round(1)
          y     x
    0  20.0  30.5
    1  44.2  12.0
    """
    if filter_before is not None:
        raise InvalidArgument(
            "filter_before is no longer known: features are filtered after they are refined; "
            "use minmass and maxsize"
        )
    if not (filter_after is None or isinstance(filter_after, bool) or callable(filter_after)):
        raise InvalidArgument(
            f"filter_after must be a function of the table of features, not {filter_after!r}"
        )
    parameters = Parameters(
        diameter=diameter,
        minmass=minmass,
        maxsize=maxsize,
        separation=separation,
        noise_size=noise_size,
        smoothing_size=smoothing_size,
        threshold=threshold,
        invert=invert,
        percentile=percentile,
        topn=topn,
        preprocess=preprocess,
        max_iterations=max_iterations,
        characterize=characterize,
        engine=engine,
    )
    features = as_table(find(raw_image, parameters), getattr(raw_image, "frame_no", None))
    return filter_after(features) if callable(filter_after) else features


def as_table(found: dict[str, np.ndarray], frame_no: int | None) -> pd.DataFrame:
    """Make the table of one image's features, labelled with its frame number if it has one.

    Parameters
    ----------
    found : dict of str to (n,) float64
        As `find` gives it.
    frame_no : int or None

    Examples
    --------
    >>> as_table({"y": np.array([1.0]), "x": np.array([2.0])}, frame_no=7)
         y    x  frame
    0  1.0  2.0      7
    """
    # One block of memory for all columns: several times faster than a table made of columns.
    block = np.array(list(found.values())).T
    table = pd.DataFrame(block, columns=list(found), copy=False)
    if frame_no is not None:
        table["frame"] = np.full(len(table), int(frame_no), np.int64)
        table.attrs[ATTRIBUTE] = int(frame_no)
    return table
