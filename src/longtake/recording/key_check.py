"""Whether the keys of a frame stream say what its index says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.streams.frame_keys import untold

if TYPE_CHECKING:
    from longtake.recording.index_check import Findings
    from longtake.streams.columns import ColumnSet


def check_keys(columns: ColumnSet, findings: Findings) -> None:
    """Look at the keys of a recording that nobody writes; those of any other may come still."""
    keys, count = columns.keys, columns.end
    if keys is None:
        return
    missing = untold(keys, 0, keys.rows)
    if len(missing):
        wrong = f"is 0 for {len(missing)} of {count} frames that are there, first for {missing[0]}"
    elif keys.capacity != count:
        wrong = f"has {keys.capacity} rows for {count} frames"
    else:
        return
    findings.add(
        f"{keys.path} {wrong}: longtake reads them all the same, programs that follow keys do not; "
        f"longtake.record({str(keys.raw.path)!r}, append=True).stop() puts it right, and a packed "
        "recording is packed again"
    )
