"""The contract of every store of tables by frame number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING, Self

import pandas as pd

from longtake.framewise.frame_number import checked_count, checked_frame, frame_number_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


class FramewiseData(ABC):
    """Tables kept by frame number, so that only one frame need be in memory.

    A subclass gives `put`, `get`, `close`, `__iter__`, and the properties `max_frame` and
    `t_column`; everything else follows from these, though `frames` is worth giving too.

    The rules hold for every store of longtake:

    - A frame number is an integer. Frames may be put in any order and are given in ascending order.
    - `put` checks its table before it writes anything. Putting a frame again replaces it.
    - A frame in which nothing was found is stored, and comes back, as an empty table.
    - A frame that was never put raises `FrameNotFound`, a `KeyError`.
    - The table's index is not kept: tables come back numbered from 0.
    """

    @abstractmethod
    def put(self, df: pd.DataFrame) -> None:
        """Store one frame's table; the column `t_column` says which frame it is."""

    @abstractmethod
    def get(self, frame_no: int) -> pd.DataFrame:
        """Give the table of one frame."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file. Closing twice is allowed."""

    @abstractmethod
    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Give every frame's table, in ascending order of frame number."""

    @property
    @abstractmethod
    def max_frame(self) -> int:
        """The highest frame number."""

    @property
    @abstractmethod
    def t_column(self) -> str:
        """The name of the column that holds the frame number."""

    @property
    def frames(self) -> list[int]:
        """All frame numbers, ascending; found by reading every frame, unless a store knows."""
        return [frame_number_of(table, self.t_column) for table in self]

    @property
    def attributes(self) -> dict[str, object]:
        """What `set_attribute` kept; nothing, unless a store can keep it."""
        return {}

    def set_attribute(self, name: str, value: object) -> None:  # noqa: B027  (stores may forget)
        """Keep a plain value with the frames: a number, text, a list or dict of such.

        A store that has no place for it forgets it.
        """

    def __getitem__(self, frame_no: int) -> pd.DataFrame:
        return self.get(frame_no)

    def __contains__(self, frame_no: object) -> bool:
        return checked_frame(frame_no) in self.frames

    def __len__(self) -> int:
        return len(self.frames)

    def dump(self, N: int | None = None) -> pd.DataFrame:  # noqa: N803  (the field's name for it)
        """Give the tables of all frames, or of the first `N`, as one table numbered from 0.

        A column that some of these frames lack is NaN in their rows, and therefore of floats,
        whether it held integers or booleans (True is 1.0).
        """
        tables = list(islice(self, checked_count(N)))
        if not tables:
            return pd.DataFrame({self.t_column: pd.Series(dtype="int64")})
        filled = [table for table in tables if len(table)] or tables[:1]
        together = pd.concat(filled, ignore_index=True)
        # Of booleans beside NaN, pandas makes objects.
        mixed = together.select_dtypes(object).columns
        return together.astype(dict.fromkeys(mixed, "float64"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
