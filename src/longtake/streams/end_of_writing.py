"""How the writing of a file ended: finished, or not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from longtake.errors import WriterDied

if TYPE_CHECKING:
    from pathlib import Path


class Written(Protocol):
    """A file that is written, or was."""

    path: Path

    def refresh(self) -> bool:
        """Learn of what has changed but for what streams hold."""
        ...

    @property
    def is_being_written(self) -> bool:
        """Whether somebody writes it at this moment."""
        ...

    @property
    def is_replaced(self) -> bool:
        """Whether another file has its name now."""
        ...

    @property
    def was_finished(self) -> bool:
        """Whether the last writer finished it; False also while one is writing."""
        ...


def is_finished(written: Written) -> bool:
    """Whether a file is finished that nobody was writing a moment ago.

    It is not where somebody goes on with it by now.

    Raises
    ------
    WriterDied
        If nobody writes it, and it was left unfinished.
    """
    for _ in range(2):  # who has gone on with it may have finished it between two questions
        if written.was_finished:
            return True
        if written.is_being_written:
            return False
    raise WriterDied(
        f"{written.path}: whoever wrote it ended without finishing it; all that was written has "
        f"been given. {_advice(written)}"
    )


def _advice(written: Written) -> str:
    if written.is_replaced:
        return "It was removed since, or replaced: follow what has its name now"
    return (
        f"`longtake recover {written.path}` puts it right, or what made it goes on in it; whoever "
        "follows may then ask again"
    )


def is_replaced(path: Path, fd: int) -> bool:
    """Whether the file of that name is not the one that is open, or there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  (pathlib's raises for names that cannot be)
    except (OSError, ValueError):
        return True
    there = os.fstat(fd)
    return (found.st_dev, found.st_ino) != (there.st_dev, there.st_ino)
