"""Streams that often grow, so that a short run meets many changes of the structure."""

from __future__ import annotations

import pytest

from longtake.streams import frame_keys, growth, stream_creation


def grow_often(patch: pytest.MonkeyPatch, index_rows: int, chunk_bytes: int) -> None:
    """Give the streams that are made from now on small chunks, and let them grow by few."""
    patch.setattr(stream_creation, "_INDEX_CHUNK", index_rows)
    patch.setattr(stream_creation, "_COLUMN_CHUNK_BYTES", chunk_bytes)
    patch.setattr(stream_creation, "_FRAMES_CHUNK_BYTES", chunk_bytes)
    patch.setattr(frame_keys, "_CHUNK", index_rows)
    patch.setattr(growth, "_LITTLE", 0)
