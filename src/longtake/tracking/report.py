"""What a long job says while it runs, and how to silence it."""

from __future__ import annotations

import logging
import sys
from time import monotonic

_log = logging.getLogger("longtake.tracking")
_log.setLevel(logging.INFO)
_EVERY_S = 0.1


def quiet(suppress: bool = True) -> None:  # noqa: FBT001, FBT002  (as trackpy's users call it)
    """Silence the running line of `batch` and `link_df_iter`, or let it speak again.

    Parameters
    ----------
    suppress : bool
    """
    _log.setLevel(logging.WARNING if suppress else logging.INFO)


class RunningLine:
    """One line that says where a job is: rewritten on a terminal, else only its end is printed.

    Examples
    --------
    >>> with RunningLine() as line:
    ...     line.say("Frame 0: 3 features")
    ...     line.say("Frame 1: 4 features")
    Frame 1: 4 features
    """

    def __init__(self) -> None:
        self._last = ""
        self._shown = 0.0

    def say(self, text: str) -> None:
        """Replace the line."""
        self._last = text
        now = monotonic()
        if _log.isEnabledFor(logging.INFO) and sys.stdout.isatty() and now - self._shown > _EVERY_S:
            self._shown = now
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()

    def __enter__(self) -> RunningLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._last and _log.isEnabledFor(logging.INFO):
            start = "\r\x1b[K" if sys.stdout.isatty() else ""
            sys.stdout.write(f"{start}{self._last}\n")
            sys.stdout.flush()
