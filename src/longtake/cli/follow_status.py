"""The line that says how fast entries come, and how far behind they are shown."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from longtake.follow import Entry, RecordingFollower

_EVERY_S = 0.25


class _Status:
    """Counts what comes; the text is made anew whenever it is shown, in a thread of its own."""

    def __init__(self, follower: RecordingFollower) -> None:
        self._follower = follower
        self._lag = follower.lag
        self._asked = self._since = monotonic()
        self._count = self._counted = 0
        self._rate = 0.0

    def count(self) -> None:
        """Count an entry that was given."""
        self._count += 1
        now = monotonic()
        if now - self._asked >= _EVERY_S:
            self._asked, self._lag = now, self._follower.lag

    def __rich__(self) -> Text:
        now, count = monotonic(), self._count
        if now - self._since >= _EVERY_S:
            self._rate = (count - self._counted) / (now - self._since)
            self._counted, self._since = count, now
        # Who waits for the next entry has shown all.
        entries, seconds = self._lag if now - self._asked < 2 * _EVERY_S else (0, 0.0)
        behind = f"{entries} behind, by {seconds:.1f} s"
        return Text(f"{count} entries, {self._rate:.0f}/s, {behind}", style="dim")


@contextmanager
def following(follower: RecordingFollower) -> Generator[Iterator[Entry]]:
    """Give the entries of a follower, and how many came on the last line of the terminal."""
    console = Console(stderr=True)
    status = _Status(follower)

    def counted() -> Iterator[Entry]:
        for entry in follower:
            status.count()
            yield entry

    if not console.is_terminal:
        yield counted()
        return
    with Live(status, console=console, transient=True, redirect_stdout=sys.stdout.isatty()):
        yield counted()
