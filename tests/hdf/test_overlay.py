"""The overlay, against a plain array of bytes."""

from __future__ import annotations

import io

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from longtake.hdf.overlay import Overlay
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock

TRUE_END = 400
FILE = Superblock(3, 0, 0, 2**64 - 1, 600, 48).pack() + bytes(range(256)) * 3
places = st.integers(SIZE, 700)


@pytest.fixture
def raw(tmp_path):
    raw = RawFile.creating(tmp_path / "file")
    raw.write(0, FILE)
    yield raw
    raw.close()


def model_of(file: bytes) -> bytearray:
    shown = bytearray(file[:TRUE_END])
    shown[:SIZE] = Superblock.parse(file[:SIZE]).with_end(TRUE_END).pack()
    return shown


class MemoryFile:
    """What an overlay asks of a RawFile."""

    def read_into(self, offset: int, buffer: memoryview) -> None:
        piece = FILE[offset : offset + len(buffer)]
        buffer[:] = piece.ljust(len(buffer), b"\0")


class OverlayMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(MemoryFile(), TRUE_END)  # pyright: ignore[reportArgumentType]
        self.model = model_of(FILE)

    @rule(offset=places, data=st.binary(min_size=1, max_size=80))
    def write(self, offset, data):
        self.overlay.seek(offset)
        assert self.overlay.write(data) == len(data)
        self.model.extend(bytes(max(0, offset - len(self.model))))
        self.model[offset : offset + len(data)] = data

    @rule(size=places)
    def truncate(self, size):
        self.overlay.truncate(size)
        del self.model[size:]
        self.model.extend(bytes(size - len(self.model)))

    @rule(offset=st.integers(0, 800), length=st.integers(0, 300))
    def read(self, offset, length):
        self.overlay.seek(offset)
        assert self.overlay.read(length) == bytes(self.model[offset : offset + length])

    @rule()
    def read_all(self):
        self.overlay.seek(0)
        assert self.overlay.read() == bytes(self.model)
        assert self.overlay.seek(0, io.SEEK_END) == len(self.model)

    @invariant()
    def writes_are_apart_and_in_order(self):
        end = 0
        for offset, data in self.overlay.writes:
            assert offset >= end
            end = offset + len(data)
            shown = self.model[offset:end]
            assert data == bytes(shown)


OverlayMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=25)
TestOverlayMachine = OverlayMachine.TestCase


def test_it_shows_the_true_end_and_zeros_past_it(raw):
    overlay = Overlay(raw, TRUE_END)
    assert overlay.superblock.end_of_file == TRUE_END
    assert len(overlay.read()) == TRUE_END
    assert overlay.peek(TRUE_END - 1, 3) == FILE[TRUE_END - 1 : TRUE_END] + b"\0\0"


def test_it_never_writes_to_the_file(raw):
    overlay = Overlay(raw, TRUE_END)
    overlay.seek(100)
    overlay.write(b"new")
    assert raw.read(0, 1000) == FILE
    assert overlay.peek(99, 5) == FILE[99:100] + b"new" + FILE[103:104]


def test_patches_are_shown_in_place_of_the_files_bytes(raw):
    assert Overlay(raw, TRUE_END, [(200, b"patch")]).peek(200, 5) == b"patch"


def test_neighbouring_writes_stay_apart_and_overlapping_ones_are_joined(raw):
    overlay = Overlay(raw, TRUE_END)
    for offset, data in ((500, b"aaaa"), (504, b"bbbb"), (602, b"yy"), (600, b"xxx")):
        overlay.seek(offset)
        overlay.write(data)
    assert overlay.writes[1:] == [(500, b"aaaa"), (504, b"bbbb"), (600, b"xxxy")]


def test_it_tells_where_it_was_read(raw):
    overlay = Overlay(raw, TRUE_END)
    overlay.touched = []
    overlay.seek(77)
    overlay.read(10)
    assert overlay.touched == [77]
