"""A laboratory's device is found by the name its package gives it."""

from __future__ import annotations

import pytest

from longtake.errors import InvalidArgument, WrongType
from longtake.rig.simulated_array import SimulatedArray
from longtake.rig.source import Source, open_source, source_names

DEVICE = """
import numpy as np
from longtake.rig.block import SPIKE, STIM, Block

class Device:
    channels = 2
    frames_per_second = 10
    uv_per_sample_unit = 1.0
    start = 0
    def __init__(self, port=1):
        self.port, self.position = port, 0
    def read(self, frames):
        start, self.position = self.position, self.position + frames
        return Block(
            start, np.zeros((frames, 2), "int16"), np.empty(0, SPIKE), np.empty(0, STIM)
        )
    def close(self):
        pass

class Toaster:
    pass
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Packages that offer sources, as pip leaves them."""
    (tmp_path / "some_laboratory.py").write_text(DEVICE)

    def install(package, **points):
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[longtake.sources]", *lines]))

    monkeypatch.syspath_prepend(tmp_path)
    return install


def test_the_simulated_array_is_there_by_default():
    source = open_source("simulated", seed=3, channels=4)
    assert isinstance(source, SimulatedArray)
    assert source.channels == 4


def test_a_device_of_an_installed_package_is_found_and_given_its_options(installed):
    installed("laboratory", array="some_laboratory:Device")
    assert source_names() == ["array", "simulated"]
    source = open_source("array", port=7)
    assert isinstance(source, Source)
    assert source.port == 7
    assert source.read(5).end == 5


def test_a_name_that_nobody_offers_is_refused_with_those_there_are(installed):
    installed("laboratory", array="some_laboratory:Device")
    with pytest.raises(InvalidArgument, match="no source 'aray', only 'array', 'simulated'"):
        open_source("aray")


def test_a_name_that_two_offer_is_refused(installed):
    installed("laboratory", simulated="some_laboratory:Device")
    with pytest.raises(
        InvalidArgument, match=r"offered more than once: .*SimulatedArray, some_lab"
    ):
        open_source("simulated")


@pytest.mark.parametrize("value", ["nowhere_at_all:Device", "some_laboratory:Nothing"])
def test_a_source_that_cannot_be_imported_is_said_so(installed, value):
    installed("laboratory", array=value)
    with pytest.raises(InvalidArgument, match=f"{value}, which cannot be imported"):
        open_source("array")


def test_what_is_no_source_is_refused(installed):
    installed("laboratory", toaster="some_laboratory:Toaster")
    with pytest.raises(WrongType, match="gave a Toaster, which is no source"):
        open_source("toaster")
