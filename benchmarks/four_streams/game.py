"""The state of a game: each says which it is, and when it was."""

from __future__ import annotations

import time
from typing import Any

STATES_PER_SECOND = 1000


def state(number: int, timestamp: int) -> dict[str, Any]:
    """Give a state, by the clock of the session and by that of the computer."""
    return {
        "number": number,
        "timestamp": timestamp,
        "now_ns": time.monotonic_ns(),
        "ball": [number % 640 / 640, number % 480 / 480],
        "hit": number % 50 == 0,
        "score": number // 50,
    }


class Check:
    """Looks at states, which must come one after the other."""

    def __init__(self, start_timestamp: int) -> None:
        self._start = start_timestamp
        self._next = 0

    def __call__(self, key: int, found: dict[str, Any]) -> int:
        """Give when the state was, or raise AssertionError if it is another."""
        wanted = state(self._next, key + self._start) | {"now_ns": found["now_ns"]}
        assert found == wanted, f"{found} at {key}, not {wanted}"
        self._next += 1
        return found["now_ns"]
