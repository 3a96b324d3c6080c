"""Counting how far a job has come."""

from __future__ import annotations

from longtake.pipeline import ProgressMeter, peak_memory


def test_it_counts_frames_features_and_their_rate():
    told = []
    times = iter([10.0, 12.0, 14.0])
    meter = ProgressMeter(told.append, total=8, done=5, clock=lambda: next(times))
    meter.count(features=30)
    meter.count()
    assert [(p.done, p.total, p.features) for p in told] == [(6, 8, 30), (7, 8, 30)]
    # Frames of earlier runs do not make this one look faster.
    assert [p.rate for p in told] == [0.5, 0.5]


def test_a_clock_that_stands_still_is_no_error():
    told = []
    ProgressMeter(told.append, clock=lambda: 1.0).count()
    assert told[0].rate == 0
    assert told[0].total is None


def test_peak_memory_is_in_bytes():
    block = bytearray(50_000_000)
    assert len(block) < peak_memory() < 1e12
