"""Beginning a session: with a name, or a device of one's own."""

from __future__ import annotations

import pytest

import longtake.rig as rig
from longtake.errors import InvalidArgument, WrongType
from longtake.rig import opening
from tests.rig.devices import Device


def test_by_name_and_options():
    with rig.open("simulated", accelerated=True, channels=3, start=50) as session:
        assert (session.source.channels, session.source.start) == (3, 50)
        assert session.frames_per_second == 25_000
        assert session.timestamp() < session.timestamp()


def test_a_device():
    device = Device()
    with rig.open(device) as session:
        assert session.source is device
    assert device.closed == 1


@pytest.mark.parametrize("source", [5, None, object(), rig.SimulatedArray])
def test_what_is_no_source(source):
    with pytest.raises(WrongType, match="a source is a name"):
        rig.open(source)


def test_options_are_not_ignored():
    with pytest.raises(InvalidArgument, match="seed: options are for a source"):
        rig.open(Device(), seed=1)


def test_what_was_opened_by_name_is_let_go_if_no_session_begins(monkeypatch):
    device = Device()
    monkeypatch.setattr(opening, "open_source", lambda name: device)
    with pytest.raises(InvalidArgument, match="backlog_seconds"):
        rig.open("mine", backlog_seconds=-1)
    assert device.closed == 1
