"""Where chunks are, as the file's own index says it, against what HDF5 tells of them."""

from __future__ import annotations

import os
import re

import h5py
import hdf5plugin
import numpy as np
import pytest

from longtake.follow.keys.chunk_index import UnknownIndex, chunk_addresses, is_stack_of_frames

FRAME = (4, 4)


def make(path, count, *, frame=FRAME, libver="latest", attributes=0, chunk=1, **options):
    with h5py.File(path, "w", libver=libver) as h5:
        given = {"maxshape": (None, *frame), "chunks": (chunk, *frame)} | options
        stack = h5.create_dataset("stack", (0, *frame), "u2", **given)
        other = h5.create_dataset("other", (0,), "u8", maxshape=(None,), chunks=(3,))
        for number in range(attributes):  # so that the header is continued elsewhere
            stack.attrs[f"{number}"] = np.zeros(100)
        for index in range(count):
            stack.resize(index + 1, axis=0)
            stack[index] = np.full(frame, index % 60_000, "u2")
            if index % 50 == 0:
                other.resize(index + 1, axis=0)
                h5.flush()


def by_hdf5(stack):
    found = []
    stack.id.chunk_iter(found.append)
    return [info.byte_offset for info in sorted(found, key=lambda info: info.chunk_offset)]


def addresses(stack, count):
    return chunk_addresses(stack.id, stack.file.id.get_vfd_handle(), count)


@pytest.mark.parametrize("libver", ["v110", "v112", "v114", "latest"])
@pytest.mark.parametrize("count", [1, 4, 5, 37, 700, 9_000])
def test_it_is_what_hdf5_tells(tmp_path, libver, count):
    path = tmp_path / "a.h5"
    make(path, count, libver=libver, attributes=40 if count == 37 else 0)
    with h5py.File(path, swmr=True) as h5:
        stack = h5["stack"]
        assert is_stack_of_frames(stack)
        assert addresses(stack, count).tolist() == by_hdf5(stack)
        assert addresses(stack, count // 2).tolist() == by_hdf5(stack)[: count // 2]
        assert len(addresses(stack, count + 100)) == count


def test_chunks_of_several_frames_and_chunks_that_are_missing(tmp_path):
    path = tmp_path / "a.h5"
    make(path, 50, chunk=4)
    with h5py.File(path, "r+") as h5:
        h5["stack"].resize(100, axis=0)
        h5["stack"][90] = 1
    with h5py.File(path) as h5:
        stack = h5["stack"]
        assert addresses(stack, 25).tolist() == by_hdf5(stack)[:13]


@pytest.mark.parametrize(
    ("options", "is_stack"),
    [
        ({"libver": "earliest"}, True),
        ({"compression": "gzip"}, False),
        ({**hdf5plugin.Blosc2()}, False),
        ({"maxshape": (5000, *FRAME)}, False),
        ({"maxshape": (None, None, 4)}, False),
    ],
)
def test_other_indexes_are_left_to_hdf5(tmp_path, options, is_stack):
    path = tmp_path / "a.h5"
    make(path, 20, **options)
    with h5py.File(path) as h5:
        assert is_stack_of_frames(h5["stack"]) == is_stack
        with pytest.raises(UnknownIndex):
            addresses(h5["stack"], 20)


def test_nothing_is_there_yet(tmp_path):
    make(tmp_path / "a.h5", 0)
    with h5py.File(tmp_path / "a.h5") as h5, pytest.raises(UnknownIndex):
        addresses(h5["stack"], 0)


def test_damage_is_left_to_hdf5_which_tells_of_it(tmp_path):
    """Where a bit of the index is another, it is not used, or nothing depends on that bit."""
    path = tmp_path / "a.h5"
    make(path, 1_500, frame=(64, 64))
    whole = path.read_bytes()
    blocks = [match.start() for match in re.finditer(rb"EAHD|EAIB|EADB|EASB|OHDR", whole)]
    rng = np.random.default_rng(1)
    fd = os.open(path, os.O_RDWR)
    with h5py.File(path) as h5:  # which has in memory what it read
        stack = h5["stack"]
        right = by_hdf5(stack)
        refused = 0
        for _ in range(2_000):
            at = int(rng.choice(blocks)) + int(rng.integers(0, 300))
            os.pwrite(fd, bytes([whole[at] ^ (1 << int(rng.integers(8)))]), at)
            try:
                found = addresses(stack, 1_500).tolist()
            except UnknownIndex:
                refused += 1
            else:
                assert found == right[: len(found)]
            os.pwrite(fd, whole[at : at + 1], at)
    os.close(fd)
    assert refused > 200
