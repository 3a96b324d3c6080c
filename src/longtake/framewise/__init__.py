"""Tables by frame number: one contract, and the stores that keep it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake.framewise.framewise_data import FramewiseData
    from longtake.framewise.pandas_big import PandasHDFStoreBig
    from longtake.framewise.pandas_single_node import PandasHDFStoreSingleNode
    from longtake.framewise.pandas_store import PandasHDFStore
    from longtake.framewise.store import FramewiseStore

__all__ = [
    "FramewiseData",
    "FramewiseStore",
    "PandasHDFStore",
    "PandasHDFStoreBig",
    "PandasHDFStoreSingleNode",
]

_HOME = {
    "FramewiseData": "framewise_data",
    "FramewiseStore": "store",
    "PandasHDFStore": "pandas_store",
    "PandasHDFStoreBig": "pandas_big",
    "PandasHDFStoreSingleNode": "pandas_single_node",
}


def __getattr__(name: str) -> object:
    # Loaded when first used: pandas takes a while to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
