"""Files laid out as the CL SDK lays its recordings out, made with PyTables."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import tables

from longtake.streams.entry_codec import encode_entry

if TYPE_CHECKING:
    from pathlib import Path

_INDEX = np.dtype([("timestamp", "<i8"), ("start_index", "<u8"), ("end_index", "<u8")])


def cl_file(path: Path, streams: dict[str, dict[int, Any]], *, overwritten_tail: int = 0) -> None:
    """Make a recording; the last rows of each index may be overwritten by its first ones."""
    with warnings.catch_warnings(), tables.open_file(path, "w") as file:
        warnings.simplefilter("ignore", tables.NaturalNameWarning)
        root = file.root._v_attrs
        root.application = {"operator": "J"}
        root.file_format = {"version": "SDK", "stim_and_spike_timestamps_relative_to_start": True}
        root.start_timestamp = 1000
        samples = file.create_earray(
            "/", "samples", tables.Int16Atom(), (0, 4), chunkshape=(256, 4)
        )
        samples.append(np.arange(400, dtype="i2").reshape(100, 4))
        file.create_table("/", "spikes", np.dtype([("timestamp", "i8"), ("channel", "u1")]))
        parent = file.create_group("/", "data_stream")
        for name, entries in streams.items():
            group = file.create_group(parent, name)
            group._v_attrs.name = name
            group._v_attrs.application = {"score": 0, "list": [1, 2.5, None]}
            contents = [encode_entry(value) for value in entries.values()]
            ends = np.cumsum([len(content) for content in contents], dtype="u8")
            rows = np.zeros(len(contents), _INDEX)
            rows["timestamp"] = list(entries)
            rows["end_index"] = ends
            rows["start_index"][1:] = ends[:-1]
            if overwritten_tail:
                rows[-overwritten_tail:] = rows[:overwritten_tail]
            index = file.create_table(group, "index", _INDEX)
            index.append(rows)
            data = file.create_earray(group, "data", tables.UInt8Atom(), (0,))
            data.append(np.frombuffer(b"".join(contents), "u1"))
