"""The ``longtake`` command: one file a verb."""

from __future__ import annotations

from longtake.cli.app import main

__all__ = ["main"]
