"""Whoever waits for the compiler is told so, and nobody else."""

import threading

from longtake.tracking import compiling as module
from longtake.tracking.compiling import compiling


def test_a_long_wait_is_announced_once(capsys, monkeypatch):
    announced = threading.Event()
    monkeypatch.setattr(module, "_said", announced)
    for _ in range(2):
        with compiling(about_s=8, patience_s=0):
            assert announced.wait(30)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(30)
    words = capsys.readouterr().err
    assert words.count("compiling its kernels") == 1
    assert "about 8 s" in words


def test_nothing_is_said_when_it_is_quick(capsys, monkeypatch):
    monkeypatch.setattr(module, "_said", threading.Event())
    with compiling(about_s=8, patience_s=600):
        pass
    assert capsys.readouterr().err == ""
    assert not any(isinstance(t, threading.Timer) and t.is_alive() for t in waited())


def waited():
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(30)
    return threading.enumerate()
