"""Zeros take no space in a copy."""

from __future__ import annotations

import os

import pytest

from longtake.errors import AlreadyExists, WriteFailed
from longtake.hdf.raw_file import RawFile
from longtake.hdf.sparse_copy import sparse_copy


def test_a_copy_has_the_same_bytes_and_no_more_space(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    with source.open("wb") as file:
        file.write(os.urandom(3_000_000))
        file.seek(50_000_000)
        file.write(b"end")
        file.truncate(60_000_000)
    sparse_copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks * 512 < 6_000_000
    with pytest.raises(AlreadyExists):
        sparse_copy(source, target)


def test_nothing_is_left_of_a_copy_that_failed(tmp_path, monkeypatch):
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"x" * 5_000_000)

    def full(self, *_: object) -> None:
        raise WriteFailed("full")

    monkeypatch.setattr(RawFile, "resize", full)
    with pytest.raises(WriteFailed):
        sparse_copy(source, target)
    assert list(tmp_path.iterdir()) == [source]
