"""Bytes of a file that change behind its back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def damage(path: Path, content: bytes) -> None:
    """Alter the first byte of the one place that holds this content."""
    at = path.read_bytes().find(content)
    assert at >= 0
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([content[0] ^ 0xFF]))
