"""What a copy of many files is told as: while it goes on, and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class CopiedFiles:
    """How far a copy of a folder has come, or came.

    Attributes
    ----------
    files, bytes : int
        Copied.
    total_files, total_bytes : int
        To be copied, as they were counted before.
    kept : int
        Files that were there already, of the same size and time, and were not copied again.
    folders : int
        With the empty ones, without the first.
    left_out : list of str
        What was not copied, as it is no file: ``"a/link: a symbolic link"``.
    """

    files: int = 0
    bytes: int = 0
    total_files: int = 0
    total_bytes: int = 0
    kept: int = 0
    folders: int = 0
    left_out: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = [f"{self.kept} were there already"] * (self.kept > 0)
        more += [f"{len(self.left_out)} left out"] * (len(self.left_out) > 0)
        return ", ".join([f"{self.files} files, {self.bytes} bytes, {self.folders} folders", *more])
