"""Noticing what other programs did to a file that is being written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from longtake.errors import FileChangedElsewhere
from longtake.hdf import superblock

if TYPE_CHECKING:
    from longtake.hdf.raw_file import RawFile


def require_untouched(raw: RawFile, true_end: int) -> None:
    """Raise `FileChangedElsewhere` if the open file was cut short, overwritten or deleted."""
    status = os.fstat(raw.fd)
    if status.st_size < true_end or raw.read(0, 8) != superblock.SIGNATURE:
        raise FileChangedElsewhere(
            f"another program cut {raw.path} short while it was being written: what it held is "
            "gone; write to a new file"
        )
    if status.st_nlink == 0:
        raise FileChangedElsewhere(
            f"{raw.path} was deleted while it was being written: write to a new file"
        )
