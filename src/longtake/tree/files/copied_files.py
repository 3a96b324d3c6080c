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
        counts = {"file": self.files, "byte": self.bytes, "folder": self.folders}
        told = [f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items()]
        told += [f"{self.kept} {'was' if self.kept == 1 else 'were'} there already"] * bool(
            self.kept
        )
        told += [f"{len(self.left_out)} left out"] * bool(self.left_out)
        return ", ".join(told)
