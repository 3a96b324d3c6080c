"""The features of one frame of a movie: what every job over frames does to each of them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, UnreadableFrame, WrongType
from longtake.tracking.finding import Parameters, find

if TYPE_CHECKING:
    from longtake.frames import Frame


def parameters_of(diameter: Any, options: dict[str, Any]) -> Parameters:
    """Make the parameters of a job from what its caller gave besides; refuse what is none."""
    known = {field.name for field in fields(Parameters)}
    for name in options:
        if name not in known:
            raise WrongType(
                f"there is no argument {name!r}; what `locate` takes besides the diameter: "
                + ", ".join(sorted(known - {"diameter"}))
            )
    return Parameters(diameter, **options)


def find_in_frame(frame: Frame, parameters: Parameters) -> tuple[int, dict[str, np.ndarray]]:
    """Decode one frame and find its features, in any thread.

    Returns
    -------
    int
        The frame's number.
    dict of str to (n,) array
        The columns that were found, and `frame`, int64.

    Raises
    ------
    UnreadableFrame
        If it cannot be read, or holds what cannot be looked at, such as NaN.
    """
    image = frame.read()
    try:
        found = find(image, parameters)
    except InvalidArgument as error:
        raise UnreadableFrame(f"{frame}: {error}") from error
    count = len(next(iter(found.values())))
    return frame.number, found | {"frame": np.full(count, frame.number, np.int64)}
