"""The README's examples run as they stand, and print what they say they print."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import imageio.v3 as iio
import pytest
from typer.testing import CliRunner

from longtake.cli.app import app
from longtake.tracking.simulation import BrownianMovie

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    assert found, f"the README has no {language} block"
    return found


def promised_output(code: str) -> list[str]:
    """What stands as a comment behind each line that prints."""
    return re.findall(r"^ *print\(.*\)  # (.*)$", code, re.M)


def test_python_blocks_print_what_stands_behind_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, code in enumerate(blocks("python")):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, f"README.md, Python block {number}", "exec"), names)
        assert code.count("print(") == len(promised_output(code))
        assert printed.getvalue().splitlines() == promised_output(code)


def test_command_lines_are_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    movie = BrownianMovie(frames=3, shape=(96, 96), particles=4)
    Path("frames").mkdir()
    for number, image in enumerate(movie):
        iio.imwrite(f"frames/{number}.png", image)
    lines = [
        line for code in blocks("sh") for line in code.splitlines() if line.startswith("longtake ")
    ]
    assert {shlex.split(line)[1] for line in lines} == {"track", "info"}
    for line in lines:
        ran = CliRunner().invoke(app, shlex.split(line)[1:])
        assert ran.exit_code == 0, (line, ran.output, ran.exception)
    assert "features: 3 frames, 0 to 2" in ran.output


def test_make_targets_exist():
    makefile = (README.parent / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:`|^)make (\w+)", README.read_text("utf-8"), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/format.md", "docs/decisions"]
)
def test_links_lead_somewhere(page):
    path = README.parent / page
    for file in path.glob("*.md") if path.is_dir() else [path]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", file.read_text("utf-8")):
            assert (file.parent / link).exists(), f"{file.name} links to {link}"
