"""Whole chunks: as swmr_tools gives them, and rightly where it does not."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import swmr_tools

from longtake.errors import CannotFollow, WrongType
from longtake.follow import ChunkSource

SOON = 0.02


@pytest.fixture
def h5(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        values = np.arange(60).reshape(10, 6)
        for name, chunks, limit, how in [
            ("a", (4, 6), 10, {}),
            ("b", (4, 6), 10, {}),
            ("gzip", (4, 6), 10, {"compression": "gzip"}),
            ("narrow", (4, 3), 10, {}),
            ("five", (5, 6), 10, {}),
            ("unlimited", (4, 6), None, {}),
        ]:
            maxshape = (limit, 6)
            h5.create_dataset(name, data=values, chunks=chunks, maxshape=maxshape, **how)
        h5["whole"], h5["finished"] = values, [1]
    with h5py.File(tmp_path / "f.h5", "r", swmr=True) as h5:
        yield h5


def test_chunks_are_those_of_swmr_tools(h5):
    found = []
    for package in (swmr_tools, _longtake()):
        source = package.ChunkSource({name: h5[name] for name in "ab"}, SOON)
        found.append(
            [
                (rows.index, rows.maxshape, {name: part.tolist() for name, part in rows.items()})
                for rows in source
            ]
        )
        del source
    assert found[0] == found[1]
    assert [rows[0] for rows in found[1]] == [0, 4, 8]


def _longtake():
    import longtake.follow

    return longtake.follow


@pytest.mark.parametrize("name", ["a", "gzip", "unlimited"])
def test_slices_say_where_the_rows_are(h5, name):
    source = ChunkSource({"d": h5[name]}, 60, h5["finished"])
    rows = list(source)
    assert [part.slice_metadata for part in rows] == [[slice(0, 4)], [slice(4, 8)], [slice(8, 10)]]
    assert np.array_equal(np.concatenate([part["d"] for part in rows]), h5["a"][:])
    assert [part.maxshape for part in rows] == [[None if name == "unlimited" else 10]] * 3
    assert source.finished_set
    assert not source.timed_out


def test_what_cannot_be_followed_is_refused_at_once(h5):
    for names, reason in [
        (["narrow"], "not compatible"),
        (["a", "five"], "chunks of 5 rows"),
        (["whole"], "not stored in chunks"),
        ([], "No data specified"),
    ]:
        with pytest.raises(CannotFollow, match=reason):
            ChunkSource({name: h5[name] for name in names})
    with pytest.raises(WrongType, match=r"h5py\.Dataset"):
        ChunkSource({"a": np.zeros(3)})


def test_chunks_that_come_while_they_are_waited_for(tmp_path):
    with h5py.File(tmp_path / "live.h5", "w", libver="latest") as writer:
        data = writer.create_dataset("d", (0, 2), "i4", maxshape=(None, 2), chunks=(4, 2))
        writer.swmr_mode = True
        with h5py.File(tmp_path / "live.h5", "r", swmr=True) as h5:
            source = ChunkSource({"d": data}, SOON)
            assert list(source) == []
            assert source.timed_out
            given = []
            for length in (3, 6, 7, 14):
                data.resize(length, axis=0)
                data[:] = np.arange(length * 2).reshape(-1, 2)
                data.flush()
                for rows in source:
                    assert rows.index == len(given)
                    given += rows["d"].tolist()
                assert np.array_equal(given, data[:])
            assert h5["d"].shape == (14, 2)
