"""Filters that a group keeps for what is made in it, in the attribute that PyTables has for them.

A number: the level in its first byte, the library in the second, and in the third a bit each for
shuffle, Fletcher's checksum, rounding and bitshuffle (PyTables 3.11; found by what it writes).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from longtake.errors import LongtakeError
from longtake.hdf.attributes import read_attribute
from longtake.tree.filters import CODECS, Filters

KEPT = "FILTERS"
_BLOSC_CODECS = [codec for codec in CODECS if codec != "snappy"]
_LIBRARIES = ["zlib", "lzo", "bzip2", "blosc", "blosc2"]
_LIBRARIES += [f"{blosc}:{codec}" for blosc in ("blosc", "blosc2") for codec in _BLOSC_CODECS]
_SHUFFLE, _FLETCHER32, _BITSHUFFLE = 1, 2, 8


def packed_filters(filters: Filters) -> np.int64:
    """Give filters as PyTables keeps them; those that it has no number for as none."""
    if not filters.complevel or filters.complib not in _LIBRARIES:
        return np.int64(_FLETCHER32 << 16 if filters.fletcher32 else 0)
    flags = _SHUFFLE * filters.shuffle | _FLETCHER32 * filters.fletcher32
    flags |= _BITSHUFFLE * filters.bitshuffle
    library = _LIBRARIES.index(filters.complib) + 1
    return np.int64(filters.complevel | library << 8 | flags << 16)


def kept_filters(group: Any) -> Filters | None:
    """Give the filters that an open group keeps; None if it keeps none that are known here."""
    try:
        number = int(read_attribute(group, KEPT))
        level, library, flags = number & 0xFF, number >> 8 & 0xFF, number >> 16 & 0xFF
        if not level:
            return Filters(fletcher32=bool(flags & _FLETCHER32))
        return Filters(
            level,
            _LIBRARIES[library - 1],
            shuffle=bool(flags & _SHUFFLE),
            bitshuffle=bool(flags & _BITSHUFFLE),
            fletcher32=bool(flags & _FLETCHER32),
        )
    except (LongtakeError, TypeError, ValueError, OverflowError, IndexError):
        return None
