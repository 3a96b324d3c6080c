"""Arrays that are used again for the next frame, one set a thread.

Asking the operating system for fresh image planes costs as much as a stage of the work; keeping
them keeps the memory of a movie flat at a few planes a thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


class Scratch(threading.local):
    """Named arrays of this thread; each keeps the last shape asked for."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        """Give this thread's array of that name, its contents left over from the last use."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array
