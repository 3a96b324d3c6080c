"""``longtake record --from``: what another program writes, from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console

from longtake.cli.progress import Lines
from longtake.errors import LongtakeError, NothingCame, WriterDied
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.follow.scan_recording import ScanRecording


def record_from(
    source: Path,
    path: Path,
    asked: list[int],
    *,
    keys: list[str],
    finished: str | None,
    data: list[str],
    timeout: float,
) -> None:
    """Follow a file into a recording until its writer is done, or a signal asks to stop.

    Raises
    ------
    WriterDied
        If the writer ended without finishing its file.
    NothingCame
        If nothing came for so long. In both cases what came is recorded, and the same call goes on.
    """
    from longtake.follow.scan_recording import ScanRecording

    polling = Polling(timeout=timeout)
    with ScanRecording(source, path, keys=keys, finished=finished, data=data) as recording:
        typer.echo(f"{path}: recording {', '.join(recording.streams)} of {source}", err=True)
        ended = _record(recording, polling, asked)
    typer.echo(f"{path}: {ended}, {recording.points} points")


def _record(recording: ScanRecording, polling: Polling, asked: list[int]) -> str:
    console = Console(stderr=True)
    lines = Lines(console)
    with console.status("") as status:
        known = recording.points
        while not asked:
            why = recording.take()
            said = f"{recording.points} points"
            status.update(said)
            lines.tell(said)
            if why in {"finished", "complete", "closed"}:
                return why
            if recording.points > known:
                known = recording.points
                polling.restart()
            elif polling.is_over:
                raise _ended(why, recording.points, polling.timeout)
    return "stopped"


def _ended(why: str, points: int, timeout: float | None) -> LongtakeError:
    what = f"{points} points are recorded; the same command goes on if there are more"
    if why == "died":
        return WriterDied(f"the writer ended without finishing the file: {what}")
    return NothingCame(f"nothing came for {timeout:g} s, and the writer did not finish: {what}")
