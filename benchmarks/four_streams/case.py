"""Record four streams at once with a follower on each, and see that nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from benchmarks.four_streams import camera
from benchmarks.four_streams.follower import STREAMS, Seen, follow
from benchmarks.four_streams.pace import Lateness, half_most_all, lateness, on_time
from benchmarks.four_streams.recorder import Recorded
from benchmarks.row import Row, figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort

TITLE = "Four streams at once, with a follower on each"
ABOUT = """
A rig in one process, on all cores: a source of 64 channels of int16 at 25 kHz and of spikes, which
`longtake.rig` stores in blocks of 250 frames; a camera's frames of 1024 x 1024 uint8; and a game's
state, a small dict. Each stream has a follower, a process of its own, which looks for new entries
each millisecond, and at all that is in them: each entry says which it is, and when it was made by a
clock that all processes share. After the recording has ended, all that is in the file is looked at
once more.

The three figures of a time are what half, 99 % and all stay within. A follower's lag is from when
an entry was made to when it was in the follower's hands, so with the append. The times of appends
are as the rig sees them. Beside them, the same frames are written alone, without checksums and
followers, for 15 s at the same pace. Processors are time of processors over time.
"""
_SECONDS = 60
_PLAIN, _PLAIN_SECONDS = "`os.pwrite` alone", 15
_WHAT = {
    "camera": "camera, 200 frames a second",
    "samples": "samples, 100 blocks a second",
    "spikes": "spikes, 100 blocks a second",
    "game": "game, 1,000 states a second",
}


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    seconds = effort.frames(_SECONDS)
    needed = 1.5 * seconds * camera.FRAMES_PER_SECOND * camera.FRAME_BYTES
    if shutil.disk_usage(folder).free < needed:
        skipped = f"skipped: needs {needed / 1e9:.0f} GB in {folder.parent}"
        yield Row(f"{seconds} s of four streams", "", skipped, "")
        return
    took_ns, late_ns = _film_plainly(folder / "frames", min(seconds, _PLAIN_SECONDS))
    path, recorded, seen = _run(folder, seconds)
    again = {name: follow(str(path), name) for name in STREAMS}
    yield from _losses(seconds, recorded, seen, again)
    for name in STREAMS:
        plainly = half_most_all(took_ns) if name == "camera" else []
        yield _times(f"append: {name}", plainly, recorded.append_ms[name])
    for name, late in recorded.late.items():
        plainly = _late(lateness(late_ns)) if name == "camera" else ""
        case = f"begun more than 1 ms late: {name}"
        yield Row(case, plainly, _late(Lateness(*late)), "appends", peer=_PLAIN)
    for name in STREAMS:
        yield _times(f"lag of the follower: {name}", [], seen[name].lag_ms)
    yield Row("processors: the rig", "", figure(recorded.processor), "")
    each = ", ".join(f"{figure(seen[name].processor)} ({name})" for name in STREAMS)
    yield Row("processors: the followers", "", each, "")
    size = path.stat().st_size
    yield Row("written", "", figure(size / seconds / 1e6), "MB a second")
    yield Row("size of the file", "", figure(size / 1e9), "GB")


def _film_plainly(path: Path, seconds: int) -> tuple[list[int], list[int]]:
    """Write the camera's frames alone, with nothing but `os.pwrite`.

    Returns
    -------
    took_ns, late_ns : list of int
        Of each frame: how long it took to write, and how late that began.
    """
    device, rate = camera.Camera(), camera.FRAMES_PER_SECOND
    took_ns, late_ns = [], []
    with path.open("wb") as file:
        for number in on_time(rate, seconds * rate, time.monotonic_ns(), late_ns):
            frame = device.frame(number)
            begin_ns = time.perf_counter_ns()
            os.pwrite(file.fileno(), frame.data, number * camera.FRAME_BYTES)
            took_ns.append(time.perf_counter_ns() - begin_ns)
    path.unlink()
    return took_ns, late_ns


def _run(folder: Path, seconds: int) -> tuple[Path, Recorded, dict[str, Seen]]:
    """Record in one process, follow in four others."""
    with ExitStack() as stack:
        recorder = stack.enter_context(_process("recorder", str(folder), str(seconds)))
        followers = {name: stack.enter_context(_process("follower", name)) for name in STREAMS}
        for process in (recorder, *followers.values()):
            _hear(process)  # it is ready
        _tell(recorder, "begin")
        path = _hear(recorder)
        for follower in followers.values():
            _tell(follower, path)
        recorded = Recorded(*json.loads(_hear(recorder)))
        seen = {name: Seen(*json.loads(_hear(process))) for name, process in followers.items()}
    return Path(path), recorded, seen


def _losses(
    seconds: int, recorded: Recorded, seen: dict[str, Seen], again: dict[str, Seen]
) -> Iterator[Row]:
    for name in STREAMS:
        stored = recorded.entries[name]
        followed, kept = seen[name].entries, again[name].entries
        wrong = seen[name].wrong or again[name].wrong
        found = f"{followed:,} followed, {kept:,} in the file"
        yield Row(
            f"{_WHAT[name]}, for {seconds} s: {stored:,} appended",
            "",
            f"{found}; {wrong}" if wrong else found,
            "entries",
            goal="all",
            reached=followed == kept == stored and not wrong,
        )


def _times(case: str, theirs: list[float], ours: list[float]) -> Row:
    their, our = (" / ".join(map(figure, times)) for times in (theirs, ours))
    return Row(case, their, our, "ms", peer=_PLAIN)


def _late(late: Lateness) -> str:
    return f"{late.missed:,} of {late.deadlines:,}; at most {figure(late.most_ms)} ms"


@contextmanager
def _process(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.four_streams.{name}", *arguments],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _hear(process: subprocess.Popen[str]) -> str:
    """Give the next line that a process says; raise if it has ended instead."""
    line = _pipe(process.stdout).readline()
    if not line:
        raise subprocess.CalledProcessError(process.wait(), process.args)
    return line.strip()


def _tell(process: subprocess.Popen[str], line: str) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(f"{line}\n")
    pipe.flush()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
