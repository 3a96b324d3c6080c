"""What is done with every frame of a movie, whether the movie is there already or goes on."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from longtake.errors import AlreadyExists, InvalidArgument, UnreadableFrame
from longtake.pipeline import worker_count
from longtake.tracking.finding.pixels import as_pixels
from longtake.tracking.finding.scratch import Scratch
from longtake.tracking.frame_features import find_in_frame, parameters_of
from longtake.tracking.linking import Linker
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from longtake.frames import Frame
    from longtake.tracking.finding import Parameters

OnError = Literal["raise", "skip"]


@dataclass(frozen=True)
class TrackJob:
    """The arguments that `track` and `follow` share, checked before anything is made.

    Attributes
    ----------
    parameters : Parameters
    search_range, memory
        As `Linker` takes them.
    output : Path
    is_new : bool
        Whether the output is to be made, and not resumed.
    on_error : {"raise", "skip"}
    workers : int
    """

    parameters: Parameters
    search_range: float | Sequence[float]
    memory: int
    output: Path
    is_new: bool
    on_error: OnError
    workers: int

    @classmethod
    def of(
        cls,
        diameter: Any,
        search_range: float | Sequence[float],
        output: str | os.PathLike[str],
        *,
        memory: int,
        on_error: OnError,
        resume: bool,
        workers: int | None,
        options: dict[str, Any],
    ) -> TrackJob:
        """Check the arguments as they were given."""
        parameters = parameters_of(diameter, options)
        memory = whole_number(memory, "memory", least=0)
        Linker(search_range, memory, parameters.ndim or 2)
        if on_error not in get_args(OnError):
            raise InvalidArgument(f'on_error={on_error!r}: it is "raise" or "skip"')
        threads = worker_count(workers)
        path = Path(output)
        # pathlib's own raises where there can be no such name; making the file will say why not.
        is_new = not os.path.exists(path)  # noqa: PTH110
        if not is_new and not resume:
            raise AlreadyExists(
                f"{path} exists: choose another name, remove it, or resume it (resume=True, "
                "--resume)"
            )
        return cls(parameters, search_range, memory, path, is_new, on_error, threads)

    @property
    def ndim(self) -> int:
        """How many axes an image has."""
        return self.parameters.ndim or 2

    def find(self, frame: Frame) -> tuple[int, dict[str, np.ndarray] | UnreadableFrame]:
        """Find what is in a frame, in any thread; an unreadable one may be the result."""
        try:
            return find_in_frame(frame, self.parameters)
        except UnreadableFrame as error:
            if self.on_error == "raise":
                raise
            return frame.number, error

    def looked_at(self, frame: Frame) -> Frame:
        """Give a first frame, decoded; refuse one in which nothing can be sought, such as NaN.

        Nothing was made yet, and this is the time to say so. What may be skipped is not looked at.
        """
        if self.on_error == "skip":
            return frame
        image = frame.read()
        try:
            as_pixels(image, self.parameters, Scratch())
        except InvalidArgument as error:
            raise UnreadableFrame(f"{frame}: {error}") from error
        return replace(frame, decode=lambda: image, prepare=None)
