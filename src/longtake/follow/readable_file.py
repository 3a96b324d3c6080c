"""Waiting until a file can be opened, while its writer still makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from longtake.streams.polling import Polling, seconds
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


def check_file_readable(
    path: str | os.PathLike[str], datasets: Iterable[str], timeout: float = 10, retrys: int = 5
) -> bool:
    """Wait until a file can be opened and has some datasets, and say whether it has.

    Parameters
    ----------
    path : str or path
    datasets : iterable of str
        Their paths in the file.
    timeout : float, seconds
    retrys : int
        How many times to try within the timeout.

    Examples
    --------
    >>> check_file_readable("nothing.h5", ["/data"], timeout=0)
    False
    """
    wanted = list(datasets)
    pause = seconds(timeout, "timeout") / whole_number(retrys, "retrys", least=1)
    polling = Polling(pause, timeout)
    while not _is_readable(path, wanted):
        if polling.is_over:
            return False
        polling.wait()
    return True


def _is_readable(path: str | os.PathLike[str], datasets: list[str]) -> bool:
    try:
        with h5py.File(path, "r", swmr=True) as h5:
            return all(name in h5 for name in datasets)
    except (OSError, RuntimeError):  # there is none, or it is only half made
        return False
