"""HDF5's checksum of its metadata, by its own function and by ours."""

from __future__ import annotations

import h5py
from hypothesis import given
from hypothesis import strategies as st

from longtake.hdf import metadata_checksum as module
from longtake.hdf.metadata_checksum import metadata_checksum
from longtake.hdf.superblock import lookup3


@given(st.binary(max_size=200))
def test_both_are_the_same(content):
    assert metadata_checksum(content) == lookup3(content)


def test_where_hdf5s_cannot_be_had_ours_is_taken(monkeypatch):
    module._hdf5s.cache_clear()
    monkeypatch.setattr(h5py.h5d, "__file__", "no library")
    try:
        assert module._hdf5s() is None
        assert metadata_checksum(b"abc") == lookup3(b"abc")
    finally:
        module._hdf5s.cache_clear()


def test_it_is_behind_the_superblock_of_every_file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", libver="v110"):
        pass
    head = (tmp_path / "a.h5").read_bytes()[:48]
    assert metadata_checksum(head[:44]) == int.from_bytes(head[44:], "little")
