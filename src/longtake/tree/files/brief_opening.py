"""An HDF5 file opened for a moment, in turn with the threads and programs that do the same."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

from longtake.errors import FileInUse
from longtake.tree.opening import open_file

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from longtake.tree.file import File

_PATIENCE_S, _PAUSE_S = 5.0, 0.02
#: HDF5 cannot have a file open to read and to write at a time in one process: one by one.
_TURNS: WeakValueDictionary[str, Any] = WeakValueDictionary()
_TURNS_TURN = threading.Lock()


@contextmanager
def briefly_open(file: Path, mode: Literal["r", "a"]) -> Generator[File]:
    """Open an HDF5 file while the context lasts.

    Another thread that has it open so is waited for, and another program too, up to five seconds.

    Raises
    ------
    FileInUse
        If the other program has not closed it by then.
    """
    with _TURNS_TURN:
        turn = _TURNS.setdefault(str(file), threading.RLock())
    with turn, _opened(file, mode) as h5:
        yield h5


def _opened(file: Path, mode: Literal["r", "a"]) -> File:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return open_file(file, mode)
        except FileInUse:
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE_S)
