"""How much the crash tests did: `make crash` has it noted, for docs/reliability.md.

A line of JSON for each test, in the file that the environment names. As a plugin of pytest
(``-p tests.recording.crash_counts``) this also counts the states of files that are replayed from a
log of writes; as a program, it prints the sums as a table.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hdf.write_log import WriteLog

if TYPE_CHECKING:
    import numpy as np

#: The environment variable with the path of the file to add lines to.
VARIABLE = "LONGTAKE_CRASH_COUNTS"

#: The operations of a log that change the file.
CHANGES = {"write", "resize", "clear_from", "reserve"}


def count(**numbers: int) -> None:
    """Note numbers of the test that is running, if they are asked for; they add up."""
    path = os.environ.get(VARIABLE)
    if path is None:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0].partition("[")[0]
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"test": test, **numbers}) + "\n")


def pytest_configure() -> None:
    """Count each state of a file that a test takes from a log of writes."""
    images, power_cut = WriteLog.images, WriteLog.power_cut

    def counted_images(self: WriteLog, first: int, *, half: bool):
        states = 0
        try:
            for number, image in images(self, first, half=half):
                states += half or self.operations[number - 1][0] in CHANGES
                yield number, image
        finally:
            count(**{"states with half of a write" if half else "states after a write": states})

    def counted_power_cut(self: WriteLog, count_: int, rng: np.random.Generator):
        count(**{"power cuts": 1})
        return power_cut(self, count_, rng)

    setattr(WriteLog, "images", counted_images)  # noqa: B010  (their types are those of others)
    setattr(WriteLog, "power_cut", counted_power_cut)  # noqa: B010


def table(lines: list[str]) -> str:
    """Give the sums of each test, as a table in Markdown."""
    sums: dict[str, Counter[str]] = {}
    for line in lines:
        numbers = json.loads(line)
        sums.setdefault(numbers.pop("test"), Counter()).update(numbers)
    rows = [
        f"| `{test}` | {', '.join(f'{number:,} {what}' for what, number in counted.items())} |"
        for test, counted in sorted(sums.items())
    ]
    return "\n".join(["| test | counted |", "|---|---|", *rows])


if __name__ == "__main__":
    print(table(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()))
