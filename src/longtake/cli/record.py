"""``longtake record``: a rig, or what another program writes, into a file."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Generator

    from longtake.rig import RigRecording

_LOOK_S = 0.2
_TIMEOUT_S = 10.0


def record(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make the file in; its name is the time.")
    ] = Path(),
    *,
    source_file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="SWMR_FILE",
            help="Record what another program writes to this file, until it is done; again, to go "
            "on.",
        ),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="With --from: a key dataset. (default: found)")
    ] = None,
    finished: Annotated[
        str | None, typer.Option(help="With --from: the finished dataset. (default: found)")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(help="With --from: a dataset to record. (default: all)")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="With --from: for how many seconds nothing may come. (default: 10)"),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("-s", "--seconds", help="How long. (default: until Ctrl-C)")
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

    Or, with --from, the frames that another program writes to an HDF5 file with key datasets; the
    recording is named as that file is. The file can be opened by any program while it is recorded,
    and whatever ends this one.
    """
    if source_file is not None:
        from longtake.cli.record_from import record_from

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{source_file.stem}_{suffix}.h5"
        with _asked_to_stop() as asked:
            record_from(
                source_file,
                path,
                asked,
                keys=key or [],
                finished=finished,
                data=data or [],
                timeout=_TIMEOUT_S if timeout is None else timeout,
            )
        return
    if key or finished or data or timeout is not None:
        raise InvalidArgument("--key, --finished, --data and --timeout go with --from SWMR_FILE")
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
