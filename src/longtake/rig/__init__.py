"""A clocked source of samples, spikes and stims, simulated or played back, to record from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake.rig.opening import open_session as open  # noqa: A004
    from longtake.rig.playback import Playback
    from longtake.rig.rig_recording import RigRecording
    from longtake.rig.session import Session
    from longtake.rig.session_stream import SessionStream
    from longtake.rig.simulated_array import SimulatedArray
    from longtake.rig.source import Source

__all__ = [
    "Playback",
    "RigRecording",
    "Session",
    "SessionStream",
    "SimulatedArray",
    "Source",
    "open",
]

_HOME = {
    "Playback": ("playback", "Playback"),
    "RigRecording": ("rig_recording", "RigRecording"),
    "Session": ("session", "Session"),
    "SessionStream": ("session_stream", "SessionStream"),
    "SimulatedArray": ("simulated_array", "SimulatedArray"),
    "Source": ("source", "Source"),
    "open": ("opening", "open_session"),
}


def __getattr__(name: str) -> object:
    # Loaded when first used: the simulation takes a while to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _HOME[name]
    return getattr(import_module(f"{__name__}.{module}"), there)


def __dir__() -> list[str]:
    return sorted(__all__)
