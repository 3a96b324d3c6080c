"""What all tests and doctests share."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _speaking():
    """`quiet()` is for the whole process: what one test silenced, the next may want to hear."""
    logging.getLogger("longtake.tracking").setLevel(logging.INFO)
