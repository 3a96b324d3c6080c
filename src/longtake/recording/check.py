"""Whether everything that was written to a recording is there, and as it was written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longtake.errors import DamagedFile
from longtake.recording.index_check import Findings, IndexCheck, Problem
from longtake.recording.key_check import check_keys
from longtake.recording.recording_view import state_of
from longtake.streams import DataStreamView, RecordStreamView, StreamFileView
from longtake.streams.damaged_view import DamagedStreamView

if TYPE_CHECKING:
    import os

    from longtake.streams.stream_file_view import View

_ENDS = {
    "recording": "; it is being written",
    "aborted": "; it was not finished",
    "recovered": "; it was put right after a crash",
}


@dataclass(frozen=True)
class StreamReport:
    """What `check` saw of one stream.

    Attributes
    ----------
    path : str
        Of its group in the file.
    kind : {"data_stream", "frame_stream", "record_stream"}
    name : str
    entries : int
        Rows of its index; of a record stream, replaced values are among them.
    first, last : int or None
        The keys of the first row and the last.
    bytes : int
        What its index, its data and its keys take, uncompressed.
    unchecked : int
        How many entries were written without a checksum.
    problems : tuple of Problem
        The first hundred.
    problem_count : int
        How many there are; after ten thousand the stream is looked at no further.
    """

    path: str
    kind: str
    name: str
    entries: int = 0
    first: int | None = None
    last: int | None = None
    bytes: int = 0
    unchecked: int = 0
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0


@dataclass(frozen=True)
class CheckReport:
    """What `check` saw.

    Attributes
    ----------
    path : pathlib.Path
    state : str
        What became of the recording, as of `RecordingView.state`; ``unreadable`` if it cannot be
        opened.
    streams : tuple of StreamReport
    file_problems : tuple of Problem
        Those that are of no one stream.
    """

    path: Path
    state: str
    streams: tuple[StreamReport, ...] = ()
    file_problems: tuple[Problem, ...] = ()

    @property
    def problem_count(self) -> int:
        """How many problems there are."""
        return len(self.file_problems) + sum(stream.problem_count for stream in self.streams)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the file, and the first hundred of each stream."""
        found = [problem for stream in self.streams for problem in stream.problems]
        return (*self.file_problems, *found)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem_count

    @property
    def entries(self) -> int:
        """How many entries there are, in all streams."""
        return sum(stream.entries for stream in self.streams)

    def verdict(self) -> str:
        """Say in one sentence how the file is."""
        if self.state == "unreadable":
            return f"{self.path} cannot be read: {self.problems[0].what}"
        if not self.is_whole:
            counted = _counted(self.problem_count, "problem")
            return f"{self.path} is damaged ({counted}): {self.problems[0]}"
        seen = f"{_counted(len(self.streams), 'stream')}, {_counted(self.entries, 'entry')}"
        return f"{self.path} is whole: {seen}, {self._checksums()}{_ENDS.get(self.state, '')}"

    def _checksums(self) -> str:
        unchecked = sum(stream.unchecked for stream in self.streams)
        if not unchecked:
            return "every checksum right"
        if unchecked == self.entries:
            return "which were written without checksums"
        return f"every checksum right, and {unchecked} without one"

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values, as for JSON."""
        return asdict(self) | {
            "path": str(self.path),
            "is_whole": self.is_whole,
            "verdict": self.verdict(),
        }


def check(path: str | os.PathLike[str]) -> CheckReport:
    """Read all of a recording, and say whether everything in it is as it was written.

    Each row of each index is looked at: whether keys ascend, whether rows point at data that are
    there, one after the other without gaps, and whether the data have the checksum that they were
    written with. Entries of data streams are decoded too, and the keys of frame streams compared
    with their index.

    Parameters
    ----------
    path : str or path
        A recording: finished, being written, left by a crash, packed, or of the CL SDK.

    Returns
    -------
    CheckReport

    Raises
    ------
    NotFound
        If there is no such file.
    NotALongtakeFile
        If it is no recording.
    FileInUse
        If another HDF5 program than longtake is writing it.

    Guarantees
    ----------
    Nothing is written. Memory: some megabytes, 8 bytes a key of record streams, and the largest
    row of data. Time: data are read once, and those that several rows share at most 16 times more
    (or 1 GiB), whatever a hostile file asks for. Of a file that is being written it says what was
    there when it began.

    Examples
    --------
    >>> import longtake as lt, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     recording.create_data_stream("game").append(1, "any")
    >>> report = check(path)
    >>> report.is_whole, report.streams[0].entries
    (True, 1)
    """
    where = Path(path)
    try:
        with StreamFileView(where) as view:
            is_settled = _is_settled(view)
            reports = tuple(_of_stream(*found, is_settled) for found in view.streams)
            known = {report.path for report in reports}
            problems = [
                Problem(part, str(error))
                for part, error in view.damaged.items()
                if part not in known
            ]
            if view.attribute_error not in {None, *view.damaged.values()}:
                problems.append(Problem("/", str(view.attribute_error)))
            return CheckReport(where, state_of(view), reports, tuple(problems))
    except DamagedFile as error:
        return CheckReport(where, "unreadable", (), (Problem("/", str(error)),))


def _is_settled(view: StreamFileView) -> bool:
    """Whether the writer had closed the file when what is looked at was taken in."""
    while view.was_closed:
        if not view.refresh():
            return True
    return False


def _of_stream(kind: str, stream: View, is_settled: bool) -> StreamReport:  # noqa: FBT001
    findings = Findings(stream.group)
    if isinstance(stream, DamagedStreamView):
        findings.add(str(stream.error))
        return StreamReport(
            stream.group, kind, stream.name, problems=tuple(findings.kept), problem_count=1
        )
    if stream.attribute_error is not None:
        findings.add(str(stream.attribute_error))
    sets = stream.sets
    checks = [
        IndexCheck(
            columns,
            findings,
            is_sequence=not isinstance(stream, RecordStreamView),
            is_encoded=isinstance(stream, DataStreamView),
            is_settled=is_settled,
        )
        for columns in sets
    ]
    for one in checks:
        one.run()
    first = sets[0]
    if is_settled:
        check_keys(first, findings)
    entries = len(first)
    return StreamReport(
        stream.group,
        kind,
        stream.name,
        entries,
        first.row(0).key if entries else None,
        first.row(entries - 1).key if entries else None,
        sum(d.rows * d.row_bytes for columns in sets for d in columns.datasets),
        sum(one.unchecked for one in checks),
        tuple(findings.kept),
        findings.count,
    )


def _counted(count: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count} {what if count == 1 else many}"
