"""The files that the demo makes: known again, and replaced only if they are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What the demo writes into its files.
MARK = {"made_by": "longtake demo"}
_STREAMS = {"camera", "game", "features", "frames"}


def clear(*paths: Path) -> None:
    """Remove what an earlier demo left there, and nothing else.

    Raises
    ------
    AlreadyExists
        If one of them was not made by the demo, or was added to; none is removed then.
    """
    from longtake.errors import AlreadyExists

    there = [path for path in paths if path.exists()]
    for path in there:
        if not _is_ours(path):
            raise AlreadyExists(
                f"{path} exists and was not made by this demo, or was added to, or is in use: "
                "choose another name with --output"
            )
    for path in there:
        path.unlink()


def _is_ours(path: Path) -> bool:
    """Whether a file has the demo's mark, and nothing in it but the demo's streams."""
    from longtake.errors import LongtakeError
    from longtake.streams import StreamFileView

    try:
        with StreamFileView(path) as view:
            if view.is_being_written or view.application != MARK:
                return False
            return {stream.name for _, stream in view.streams} <= _STREAMS
    except (LongtakeError, OSError, RuntimeError, KeyError, ValueError):
        return False
