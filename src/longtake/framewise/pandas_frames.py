"""What the stores of trackpy's file formats have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from longtake.errors import FrameNotFound
from longtake.framewise.frame_number import checked_frame
from longtake.framewise.framewise_data import FramewiseData
from longtake.framewise.pandas_file import PandasFile
from longtake.hdf.attributes import read_attribute, write_attribute

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator

    import pandas as pd

#: How the names begin of attributes that are not Pandas' or PyTables' own.
_PREFIX = "longtake_"


class PandasFrames(FramewiseData):
    """Tables by frame number in a file that Pandas and trackpy can open.

    A subclass gives `put`, `get` and `_frame_numbers`.
    """

    def __init__(
        self, filename: str | os.PathLike[str], mode: str, t_column: str, options: dict[str, Any]
    ) -> None:
        self._file = PandasFile(filename, mode, options)
        self.filename = str(self._file.path)
        self._t_column = t_column

    @abstractmethod
    def _frame_numbers(self) -> Collection[int]:
        """Give the numbers of all frames, in any order."""

    def __repr__(self) -> str:
        state = "closed" if self._file.closed else f"{len(self)} frames"
        return f"<{type(self).__name__} {self.filename!r}, {state}>"

    @property
    def t_column(self) -> str:
        """The name of the column that holds the frame number."""
        return self._t_column

    @property
    def attributes(self) -> dict[str, object]:
        """What `set_attribute` has kept."""
        root = self._file.root
        with self._file.reading("the attributes"):
            names = [name for name in root.attrs if name.startswith(_PREFIX)]
            return {name.removeprefix(_PREFIX): read_attribute(root, name) for name in names}

    def set_attribute(self, name: str, value: object) -> None:
        """Keep a plain value with the frames, as an attribute ``longtake_…`` of the file's root.

        Raises
        ------
        InvalidArgument, WrongType
            If the value is not plain, or the store was opened for reading.
        WriteFailed
            If the disk is full, or HDF5 could not write it.
        """
        with self._file.changing(f"the attribute {name!r}"):
            write_attribute(self._file.root, f"{_PREFIX}{name}", value)

    @property
    def frames(self) -> list[int]:
        """All frame numbers, ascending."""
        return sorted(self._frame_numbers())

    @property
    def max_frame(self) -> int:
        """The highest frame number."""
        numbers = self._frame_numbers()
        if not numbers:
            raise FrameNotFound(f"{self.filename} holds no frame yet")
        return max(numbers)

    def __len__(self) -> int:
        return len(self._frame_numbers())

    def __contains__(self, frame_no: object) -> bool:
        return checked_frame(frame_no) in self._frame_numbers()

    def __iter__(self) -> Iterator[pd.DataFrame]:
        for frame_no in self.frames:
            yield self.get(frame_no)

    def close(self) -> None:
        """Finish the file. Closing twice is allowed."""
        self._file.close()
