"""From whatever holds the images to a movie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from contextlib import ExitStack, closing
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.frames import paths
from longtake.frames.arrays import as_source
from longtake.frames.frames import Frames
from longtake.frames.gray import Gray, check_gray
from longtake.frames.image_files import ImageFiles, read_image
from longtake.frames.pieces import Pieces
from longtake.frames.source import OnError, Source
from longtake.frames.tiff_stack import TiffStack, read_single_tiff
from longtake.frames.video import Video


def open_frames(
    source: Any, *, gray: Gray = None, ndim: int = 2, on_error: OnError = "raise"
) -> Frames:
    """Open a movie, wherever its images are.

    Parameters
    ----------
    source : str, path, list, numpy.ndarray or iterable
        - a pattern (``"run/*.png"``) or a folder: its images in natural order, frame2 before
          frame10;
        - a TIFF stack, or a video (with ``longtake[video]``); a list or pattern of several is one
          movie recorded in pieces;
        - a list of image files or patterns, in the order given;
        - an array (N, H, W), or (N, Z, H, W) with ``ndim=3``;
        - a pims reader, or any sequence of images; a generator, or any iterable of images;
        - what `open_frames` gave before, which is given back.
    gray : int, "mean" or callable, optional
        What to make of an image with channels: the channel of that number; the mean of red, green
        and blue, in the image's own type and rounded to the nearest; or a function from the
        stored image to the one wanted (called in the thread that reads the frame). Images
        without channels stay as they are, unless it is a function.
    ndim : 2 or 3
        The number of axes of an image, channels not counted.
    on_error : "raise" or "skip"
        What to do if the first image cannot be read: say so, or go by the first that can be. (A
        later one always raises when it is read; who reads it decides whether to go on.)

    Returns
    -------
    Frames
        Iterates over `Frame` objects. A frame's number is the ``frame_no`` its image carries, else
        its position: 0, 1, 2.

    Raises
    ------
    NotFound
        If there is no such file or folder, or no file matches.
    InvalidArgument
        If there are no images, or they have channels and `gray` does not say what to do with them.
    UnreadableFrame
        If the first image cannot be read.

    Guarantees
    ----------
    Each image is decoded once for each time it is iterated over, in the thread that reads it; the
    first one is decoded here. TIFF goes through tifffile, all else through imageio.

    Examples
    --------
    >>> import numpy as np
    >>> movie = open_frames(np.zeros((3, 48, 64), dtype="uint8"))
    >>> movie
    <Frames: 3 of 48 x 64 uint8>
    >>> [frame.number for frame in movie.starting_at(1)]
    [1, 2]
    >>> next(iter(movie)).read().shape
    (48, 64)
    """
    if isinstance(source, Frames):
        return _as_opened(source, gray, ndim)
    if ndim not in {2, 3}:
        raise InvalidArgument(f"ndim={ndim!r}: images have 2 or 3 axes")
    if on_error not in get_args(OnError):
        raise InvalidArgument(f'on_error={on_error!r}: it is "raise" or "skip"')
    check_gray(gray)
    opened = _source(source, ndim)
    try:
        return Frames(opened, gray, ndim, on_error)
    except BaseException:
        opened.close()
        raise


def _as_opened(frames: Frames, gray: Gray, ndim: int) -> Frames:
    """Take a movie that is open already, unless something else was asked of it."""
    if gray is not None or ndim != len(frames.shape):
        raise InvalidArgument(
            f"{frames!r} was opened already, as it is: give gray= and ndim= where it is opened"
        )
    return frames


def _source(source: Any, ndim: int) -> Source:
    if isinstance(source, str | PathLike):
        return _files(paths.find_files(Path(source)), ndim)
    if isinstance(source, list | tuple) and source and isinstance(source[0], str | PathLike):
        return _files(paths.find_listed(source), ndim)
    if isinstance(source, bytes | Mapping | Set | np.generic) or not (
        isinstance(source, Iterable) or hasattr(source, "__getitem__")
    ):
        raise WrongType(
            f"cannot get frames from a {type(source).__name__}: give a pattern, a folder, a file, "
            "a list of files, an array, or any iterable of images"
        )
    return as_source(source)


def _files(files: list[Path], ndim: int) -> Source:
    kind = paths.kind_of(files)
    if kind is paths.IMAGES:
        return ImageFiles(files, read_image)
    if kind is paths.STACKS and len(files) > 1 and _holds_one(files[0], ndim):
        # One image a file; opening each of 100 000 beforehand only to count would take minutes.
        return ImageFiles(files, partial(read_single_tiff, ndim=ndim))
    open_one = Video if kind is paths.VIDEOS else partial(TiffStack, ndim=ndim)
    with ExitStack() as opened:
        pieces = [opened.enter_context(closing(open_one(file))) for file in files]
        opened.pop_all()
    return pieces[0] if len(pieces) == 1 else Pieces(pieces)


def _holds_one(file: Path, ndim: int) -> bool:
    with closing(TiffStack(file, ndim)) as stack:
        return stack.length == 1
