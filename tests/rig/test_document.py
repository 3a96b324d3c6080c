"""The published data streams page, cell by cell, with `import longtake.rig as cl`.

``LONGTAKE_DOCUMENT_ROUNDS=50`` runs it 50 times in simulated time, and 10 times as it stands.
"""

from __future__ import annotations

import os

import msgpack
import msgpack_numpy
import numpy
import pytest

import longtake.rig as cl

ENTRIES = [
    {"arbitrary": "data"},
    ["of", "arbitrary", "size"],
    "and type.",
    numpy.array([2**64 - 1, 2**64 - 2, 2**64 - 3], dtype=numpy.uint64),
]
ROUNDS = int(os.environ.get("LONGTAKE_DOCUMENT_ROUNDS", "20"))
BYTES = [(0, 16), (16, 35), (35, 45), (45, 110)]


def cell_1(folder, **session):
    with cl.open(**session) as neurons:
        data_stream = neurons.create_data_stream(
            name="example_data_stream",
            attributes={"score": 0, "another_attrbute": [0, 1, 2, 3]},
        )
        recording = neurons.record(file_location=folder, stop_after_seconds=1)
        timestamp = neurons.timestamp()
        for offset, entry in enumerate(ENTRIES):
            data_stream.append(timestamp + offset, entry)
        data_stream.set_attribute("score", 1)
        data_stream.update_attributes({"score": 2, "new_attribute": 9.9})
        recording.wait_until_stopped()
    return recording.open()


def require_cells(view):
    """What cells 2 to 13 show, which does not depend on the machine."""
    assert str(view.data_streams) == "Data Streams:\n    example_data_stream"
    stream = view.data_streams.example_data_stream
    assert str(stream.attributes) == (
        "/data_stream/example_data_stream._v_attrs (AttributeSet), 5 attributes:\n"
        "   [CLASS := 'GROUP',\n"
        "    TITLE := '',\n"
        "    VERSION := '1.0',\n"
        "    application := {'score': 2, 'another_attrbute': [0, 1, 2, 3], "
        "'new_attribute': 9.9},\n"
        "    name := 'example_data_stream']"
    )
    assert stream.attributes.name == "example_data_stream"
    assert stream.attributes.application["score"] == 2
    assert len(stream) == 4
    timestamps = [timestamp for timestamp in stream.keys()]  # noqa: C416, SIM118  (as it is there)
    assert numpy.diff(timestamps).tolist() == [1, 1, 1]
    require_equal(list(stream.values()), ENTRIES)
    require_equal([stream[timestamp] for timestamp in timestamps], ENTRIES)
    second, last = timestamps[1], timestamps[-1]
    assert [t for t, _ in stream.items_for_range(second, last)] == timestamps[1:3]
    assert list(stream.keys_for_range(second, last + 1)) == timestamps[1:]
    require_equal(list(stream.values_for_range(second, last + 1)), ENTRIES[1:])
    raw = view.file.root.data_stream.example_data_stream
    rows = [(row["timestamp"], row["start_index"], row["end_index"]) for row in raw.index]
    assert rows == [(t, *span) for t, span in zip(timestamps, BYTES, strict=True)]
    content = [raw.data[row[1] : row[2]] for row in raw.index]
    assert [part.dtype for part in content] == [numpy.uint8] * 4
    unpacked = [msgpack.unpackb(part, object_hook=msgpack_numpy.decode) for part in content]
    require_equal(unpacked, ENTRIES)


def require_equal(found, expected):
    assert len(found) == len(expected)
    for value, entry in zip(found, expected, strict=True):
        assert type(value) is type(entry)
        assert numpy.array_equal(value, entry)


@pytest.mark.parametrize("attempt", range(ROUNDS // 5))
def test_as_it_stands(tmp_path, attempt):
    with cell_1(tmp_path) as view:
        require_cells(view)
        assert view.samples.shape == (25_000, 64)


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_in_simulated_time(tmp_path, attempt):
    """The entries come while a second passes in a moment, or after it: none is lost in silence."""
    recording = None
    with cl.open(accelerated=True, seed=attempt) as neurons:
        stream = neurons.create_data_stream("s")
        recording = neurons.record(file_location=tmp_path, stop_after_seconds=60)
        taken = []
        for entry in ENTRIES:
            taken.append(neurons.timestamp())
            stream.append(taken[-1], entry)
    with recording.open() as view:
        assert list(view.data_streams.s.keys()) == [t - recording.start_timestamp for t in taken]
