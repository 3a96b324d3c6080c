"""What a command ends with, so that scripts can tell why."""

from __future__ import annotations

from longtake.errors import NothingCame, WriterDied


def exit_code(error: Exception) -> int:
    """Give 3 if a writer that was followed died, 4 if nothing came in time, 1 for the rest."""
    if isinstance(error, WriterDied):
        return 3
    return 4 if isinstance(error, NothingCame) else 1
