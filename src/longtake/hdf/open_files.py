"""Which processes have a file open, and how, as far as the system tells: Linux, by /proc.

Of the processes of other users it does not tell.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


def opens_of(status: os.stat_result) -> Iterator[tuple[int, list[list[str]]]]:
    """Give, for each open of a file, the process, and the words of each line said of the open.

    Source: proc_pid_fdinfo(5). There is a line ``flags: <octal>``, and one for each lock that was
    taken through this open, ``lock: <n>: <kind> <…> <READ or WRITE> <pid> <file> <first> <last>``.

    Parameters
    ----------
    status : os.stat_result
        Of the file.
    """
    wanted = (status.st_dev, status.st_ino)
    for opened in _descriptors():
        # Files are closed, and processes end, while they are looked at.
        with suppress(OSError, ValueError):
            seen = opened.stat()
            if (seen.st_dev, seen.st_ino) == wanted:
                said = opened.parent.with_name("fdinfo") / opened.name
                lines = said.read_text(encoding="ascii").splitlines()
                yield int(opened.parts[2]), [line.split() for line in lines]


def _descriptors() -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield from (process / "fd").iterdir()
