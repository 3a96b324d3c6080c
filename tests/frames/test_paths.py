"""Names of files: natural order."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from longtake.frames.paths import find_files, natural_order


@given(st.lists(st.integers(0, 10**6), unique=True), st.sampled_from(["", "a", "run2_"]))
def test_numbers_are_in_the_order_of_numbers(values, prefix):
    files = [Path(f"{prefix}{value}.png") for value in values]
    in_order = [Path(f"{prefix}{value}.png") for value in sorted(values)]
    assert sorted(files, key=natural_order) == in_order


@given(st.lists(st.text("a1/. -é٣²", min_size=1), unique=True))
def test_any_names_have_an_order_which_is_always_the_same(names):
    files = list({Path(name) for name in names})
    backwards = files[::-1]
    assert sorted(files, key=natural_order) == sorted(backwards, key=natural_order)


def test_a_pattern_goes_into_folders(tmp_path):
    for name in ("run10/a.png", "run9/a.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    found = find_files(str(tmp_path / "**" / "*.png"))
    assert [file.parent.name for file in found] == ["run9", "run10"]


def test_a_name_with_brackets_that_exists_is_no_pattern(tmp_path):
    (tmp_path / "frame[1].png").touch()
    assert find_files(str(tmp_path / "frame[1].png")) == [tmp_path / "frame[1].png"]
