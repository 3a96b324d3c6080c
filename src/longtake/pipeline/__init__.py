"""A function over many frames: several at once, results in order, in bounded memory."""

from __future__ import annotations

from longtake.pipeline.ordered_map import (
    default_workers,
    ordered_map,
    worker_count,
)
from longtake.pipeline.process import Processed, process
from longtake.pipeline.progress import Progress, ProgressMeter, peak_memory

__all__ = [
    "Processed",
    "Progress",
    "ProgressMeter",
    "default_workers",
    "ordered_map",
    "peak_memory",
    "process",
    "worker_count",
]
