"""A word to whoever waits while kernels are being compiled.

numba compiles a kernel the first time it is called with a new kind of array, and keeps the result
on disk. Only a first call in a fresh install takes seconds; nothing is said when it does not.
"""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Loading kernels that were compiled before takes a second on a slow machine.
PATIENCE_S = 2.0

_said = threading.Event()


@contextmanager
def compiling(about_s: float, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Say on stderr, once a process, that kernels are compiled, if what is inside takes long.

    Put it around a first, tiny call of kernels: of a few milliseconds once they are compiled.

    Parameters
    ----------
    about_s : float, seconds
        How long compiling usually takes, for the message.
    patience_s : float, seconds
        Nothing is said before.

    Guarantees
    ----------
    Threads: several may be inside at once; one of them speaks.

    Examples
    --------
    >>> with compiling(about_s=8):
    ...     1 + 1
    2
    """
    timer = threading.Timer(patience_s, _say, (about_s,))
    timer.daemon = True
    timer.start()
    # A compiler makes millions of objects and few cycles: looking for these costs a tenth more.
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        timer.cancel()


def _say(about_s: float) -> None:
    if not _said.is_set():
        _said.set()
        print(  # noqa: T201
            f"longtake: compiling its kernels for this machine, once (about {about_s:.0f} s) ...",
            file=sys.stderr,
            flush=True,
        )
