"""How much work a run does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How often each side runs, and on how much.

    Attributes
    ----------
    rounds : int
        Rounds of what takes a second or less.
    long_rounds : int
        Rounds of what takes several.
    share : float
        Of the frames of a full run.
    """

    rounds: int
    long_rounds: int
    share: float

    def frames(self, count: int) -> int:
        """Give how many frames to work on, where a full run works on `count`."""
        return max(4, round(count * self.share))


FULL = Effort(rounds=7, long_rounds=3, share=1.0)
QUICK = Effort(rounds=2, long_rounds=2, share=0.03)
