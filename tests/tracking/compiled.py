"""Imported by the server that processes are forked from: what tracks there needs no compiler."""

from __future__ import annotations

import numpy as np

from longtake.tracking import locate
from longtake.tracking.linking import Linker
from tests.tracking import live  # noqa: F401

locate(np.zeros((64, 64), "uint8"), 9)
Linker(5).advance(0, np.zeros((0, 2)))
