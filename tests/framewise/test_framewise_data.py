"""The base class: a store of five short methods keeps the whole contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from longtake.errors import Closed, FrameNotFound
from longtake.framewise.frame_number import checked_frame
from longtake.framewise.framewise_data import FramewiseData
from longtake.framewise.table_columns import columns_of, table_of
from tests.framewise.contract import StoreContract, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd


class InMemory(FramewiseData):
    """Keeps the columns of each frame in a dict."""

    def __init__(self, t_column: str = "frame") -> None:
        self._t_column = t_column
        self._columns: dict[int, dict[str, np.ndarray]] | None = {}

    @property
    def _open(self) -> dict[int, dict[str, np.ndarray]]:
        if self._columns is None:
            raise Closed("this store was closed")
        return self._columns

    def put(self, df: pd.DataFrame) -> None:
        columns = self._open
        frame_no, found = columns_of(df, self._t_column)
        columns[frame_no] = {name: values.copy() for name, values in found.items()}

    def get(self, frame_no: int) -> pd.DataFrame:
        number = checked_frame(frame_no)
        if number not in self._open:
            raise FrameNotFound(f"no frame {number}")
        return table_of(self._open[number], number)

    def close(self) -> None:
        self._columns = None

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return map(self.get, self.frames)

    @property
    def max_frame(self) -> int:
        if not self._open:
            raise FrameNotFound("no frame yet")
        return max(self._open)

    @property
    def t_column(self) -> str:
        return self._t_column

    @property
    def frames(self) -> list[int]:
        return sorted(self._open)


class TestInMemory(StoreContract):
    persistent = False
    keeps_attributes = False

    def open(self, path, mode="a"):
        return InMemory()


def test_all_methods_are_asked_for():
    with pytest.raises(TypeError, match="abstract"):
        FramewiseData()  # type: ignore[abstract]


def test_with_closes_also_after_an_error():
    store = InMemory()
    store.put(table(1))
    with pytest.raises(ZeroDivisionError), store:
        _ = 1 / 0
    with pytest.raises(Closed):
        store.get(1)
