"""The four kinds of stream, as the suites that run on all of them need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE, DTYPE = (3, 4), "<f4"
ROW = np.dtype([("channel", "u1"), ("wave", "<f4", (3,)), ("is_good", "?")])


@dataclass(frozen=True)
class Kind:
    """How a stream of one kind is made and found, and what is stored in it under a key."""

    name: str
    collection: str
    create: Callable[[Any, str, Any], Any]
    value: Callable[[int], Any]


def table_rows(key: int) -> np.ndarray:
    """From 0 to 4 rows, all of them of this key."""
    rows = np.zeros(abs(key) % 5, ROW)
    rows["channel"], rows["wave"], rows["is_good"] = key % 200, key / 7, key % 2
    return rows


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "data",
            "data_streams",
            lambda file, name, attributes: file.create_data_stream(name, attributes),
            lambda key: {"key": key, "text": "x" * (abs(key) % 40), "list": [key / 7, None]},
        ),
        Kind(
            "frame",
            "frame_streams",
            lambda file, name, attributes: file.create_frame_stream(name, SHAPE, DTYPE, attributes),
            lambda key: np.full(SHAPE, key / 7, DTYPE),
        ),
        Kind(
            "table",
            "record_streams",
            lambda file, name, attributes: file.create_table_stream(name, ROW, attributes),
            table_rows,
        ),
        Kind(
            "record",
            "record_streams",
            lambda file, name, attributes: file.create_record_stream(
                name, {"x": "f8", "n": "u2"}, attributes
            ),
            lambda key: {
                "x": np.arange(abs(key) % 5) + key / 7,
                "n": np.full(abs(key) % 5, key % 1000, "<u2"),
            },
        ),
    )
}


def same(found: Any, expected: Any) -> bool:
    """Whether a value came back as it was: also its dtypes and shapes."""
    if isinstance(expected, dict) and any(isinstance(v, np.ndarray) for v in expected.values()):
        return list(found) == list(expected) and all(same(found[n], expected[n]) for n in expected)
    if isinstance(expected, np.ndarray):
        return (
            found.dtype == expected.dtype
            and found.shape == expected.shape
            and np.array_equal(found, expected)
        )
    return type(found) is type(expected) and found == expected
