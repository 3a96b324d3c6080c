"""Errors become one sentence, whatever they are."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from longtake import streams
from longtake.cli import main
from longtake.errors import FileInUse


@pytest.fixture
def info(monkeypatch, capsys, tmp_path):
    """Calls `longtake info` where looking into the file fails; gives exit code and stderr."""

    def call(error: BaseException) -> tuple[int, str]:
        def fail(_: object) -> None:
            raise error

        (tmp_path / "a.h5").write_bytes(b"")
        monkeypatch.setattr(streams, "StreamFileView", fail)
        monkeypatch.setattr(sys, "argv", ["longtake", "info", str(tmp_path / "a.h5")])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return call


def test_an_error_of_ours_is_its_sentence(info):
    assert info(FileInUse(errno.EAGAIN, "a.h5 is in use: wait")) == (
        1,
        "longtake: a.h5 is in use: wait\n",
    )


def test_an_error_of_the_system_names_the_file(info):
    for name, said in [("/x/y", "/x/y: "), (None, "")]:
        error = OSError(errno.EMFILE, os.strerror(errno.EMFILE), name)
        assert info(error) == (1, f"longtake: {said}Too many open files\n")


@pytest.mark.parametrize("error", [TypeError("no\nway"), AssertionError(), ZeroDivisionError("by")])
def test_anything_else_is_called_a_bug(info, error):
    code, said = info(error)
    assert code != 0
    assert said.startswith("longtake: ")
    assert said.count("\n") == 1
    for word in ("bug", type(error).__name__, "LONGTAKE_TRACEBACK=1"):
        assert word in said


def test_a_traceback_for_those_who_ask(info, monkeypatch):
    monkeypatch.setenv("LONGTAKE_TRACEBACK", "1")
    for error in (TypeError("no way"), FileInUse("a.h5 is in use")):
        with pytest.raises(type(error)) as caught:
            info(error)
        assert caught.value is error
