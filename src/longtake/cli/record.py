"""``longtake record``: a rig's samples, spikes and stims into a file."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Generator

    from longtake.rig import RigRecording

_LOOK_S = 0.2


def record(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make the file in; its name is the time.")
    ] = Path(),
    *,
    seconds: Annotated[
        float | None, typer.Option("-s", "--seconds", help="How long. [default: until Ctrl-C]")
    ] = None,
    source: Annotated[
        str, typer.Option(help="'simulated', or the name of a device that a package offers.")
    ] = "simulated",
    suffix: Annotated[str, typer.Option(help="The end of the file's name.")] = "recording",
    accelerated: Annotated[
        bool,
        typer.Option("--accelerated", metavar=" ", help="As fast as the data can be made."),
    ] = False,
) -> None:
    """Record a rig: samples of all channels, spikes and stims, until Ctrl-C.

    The file can be opened by any program while it is recorded, and whatever ends this one.
    """
    from longtake.rig import open as open_session

    with _asked_to_stop() as asked, open_session(source, accelerated=accelerated) as session:
        recording = session.record(suffix, folder, stop_after_seconds=seconds)
        until = "Ctrl-C" if seconds is None else f"{seconds:g} s have passed, or Ctrl-C"
        typer.echo(f"{recording.path}: recording, until {until}", err=True)
        _wait(recording, asked)
    view = recording.open()
    with view:
        samples, spikes, stims = view.samples, view.spikes, view.stims
        typer.echo(
            f"{recording.path}: {view.state}, {view.attributes.duration_seconds:.1f} s, "
            f"{0 if samples is None else len(samples)} frames of samples, "
            f"{0 if spikes is None else len(spikes)} spikes, "
            f"{0 if stims is None else len(stims)} stims"
        )


def _wait(recording: RigRecording, asked: list[int]) -> None:
    while not asked and not recording.wait_until_stopped(_LOOK_S):
        pass


@contextmanager
def _asked_to_stop() -> Generator[list[int]]:
    """Give a list that the number of a signal to stop is put into."""
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
