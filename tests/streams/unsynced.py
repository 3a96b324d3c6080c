"""Files whose writes are not waited for: what a power cut would take is not the question."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def do_not_sync(patch: pytest.MonkeyPatch) -> None:
    """Let everything that waits for the disk return at once."""
    patch.setattr(os, "fdatasync", lambda _: None)
    patch.setattr(os, "fsync", lambda _: None)
    patch.setattr(os, "RWF_DSYNC", 0)
