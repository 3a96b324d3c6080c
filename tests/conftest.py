"""What the tests share."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

#: Real frames: microscopy of diffusing colloids, kept beside the repository, not in it.
_BULK_WATER = Path(__file__).parents[2] / "shared" / "data" / "bulk_water"


@pytest.fixture(scope="session")
def bulk_water() -> Path:
    """The folder of real frames (10 PNGs, 424x640, 8-bit RGBA)."""
    if not _BULK_WATER.is_dir():
        pytest.skip("the real frames (shared/data/bulk_water) are not beside the repository")
    return _BULK_WATER


@pytest.fixture(scope="session")
def h5dump():
    """Runs h5dump and gives what it prints."""
    if shutil.which("h5dump") is None:
        pytest.skip("h5dump (Debian's hdf5-tools) is not installed")

    def run(*arguments: object) -> str:
        done = subprocess.run(
            ["h5dump", *map(str, arguments)], capture_output=True, text=True, check=True
        )
        return done.stdout

    return run
