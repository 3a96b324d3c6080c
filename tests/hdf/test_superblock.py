"""The superblock, against what HDF5 itself writes."""

from __future__ import annotations

import struct

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import NotALongtakeFile
from longtake.hdf.superblock import SIZE, Superblock, lookup3


@pytest.fixture
def hdf5_bytes(tmp_path) -> bytes:
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        h5.create_group("a")["b"] = range(5)
    return path.read_bytes()


def test_it_reads_what_hdf5_wrote_and_writes_the_same(hdf5_bytes):
    found = Superblock.parse(hdf5_bytes[:SIZE])
    assert found.version == 3
    assert found.flags == 0
    assert found.end_of_file == len(hdf5_bytes)
    assert hdf5_bytes[found.root :].startswith(b"OHDR")
    assert found.pack() == hdf5_bytes[:SIZE]


def test_lookup3_gives_the_checksum_of_a_header_that_hdf5_wrote(hdf5_bytes):
    # A continuation block: its first chunk is the header's prefix, messages, then the checksum.
    at = Superblock.parse(hdf5_bytes[:SIZE]).root
    flags = hdf5_bytes[at + 5]
    width = 1 << (flags & 3)
    prefix = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0) + width
    length = int.from_bytes(hdf5_bytes[at + prefix - width : at + prefix], "little")
    end = at + prefix + length
    stored = struct.unpack_from("<I", hdf5_bytes, end)[0]
    assert lookup3(hdf5_bytes[at:end]) == stored


@pytest.mark.parametrize(
    ("data", "checksum"),
    # From the driver5() of Jenkins' own lookup3.c.
    [(b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)],
)
def test_lookup3_gives_jenkins_own_figures(data, checksum):
    assert lookup3(data) == checksum


@given(end=st.integers(0, 2**64 - 1))
def test_hdf5_numbers_round_trip(end):
    block = Superblock(3, 0, 0, 2**64 - 1, 0, 48).with_end(end)
    assert Superblock.parse(block.pack()) == block


@given(at=st.integers(0, SIZE - 1), value=st.integers(1, 255))
def test_any_changed_byte_is_noticed(at, value):
    data = bytearray(Superblock(3, 0, 0, 2**64 - 1, 123456, 48).pack())
    data[at] ^= value
    with pytest.raises(NotALongtakeFile):
        Superblock.parse(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n", b"x" * 100])
def test_other_bytes_are_refused(data):
    with pytest.raises(NotALongtakeFile, match="begin"):
        Superblock.parse(data)


def test_old_superblocks_are_refused(tmp_path):
    path = tmp_path / "old.h5"
    with h5py.File(path, "w", libver="earliest"):
        pass
    with pytest.raises(NotALongtakeFile, match="version 0"):
        Superblock.parse(path.read_bytes()[:SIZE])
