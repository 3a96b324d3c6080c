"""``longtake track`` as a person uses it."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from longtake.cli import main
from longtake.errors import NotALongtakeFile
from longtake.framewise import FramewiseStore
from longtake.streams import StreamFileView
from longtake.tracking.simulation import BrownianMovie

FRAMES = 8


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return list(BrownianMovie(frames=FRAMES, shape=(128, 160), particles=8, seed=3))


@pytest.fixture
def movie(tmp_path, images):
    """The pattern of a folder of PNGs."""
    for number, image in enumerate(images):
        iio.imwrite(tmp_path / f"frame{number}.png", image)
    return str(tmp_path / "frame*.png")


@pytest.fixture
def run(monkeypatch, capsys):
    """Calls the command in this process; gives its exit code and what it printed."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["longtake", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, " ".join(printed.err.split())

    return call


def options(out) -> list[str]:
    return ["-d", "9", "-r", "6", "--minmass", "100", "-o", str(out)]


def refused(result: tuple[int, str, str], *words: str) -> None:
    """It ended with one sentence that holds these words, and no traceback."""
    code, out, err = result
    assert code == 1
    assert out == ""
    assert err.startswith("longtake: ")
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_a_movie_becomes_trajectories(run, movie, tmp_path):
    out = tmp_path / "out.h5"
    code, said, _ = run("track", movie, *options(out))
    assert code == 0
    assert f"{FRAMES} frames" in said
    with FramewiseStore(out, mode="r") as store:
        assert store.frames == list(range(FRAMES))
        table = store.dump()
        assert table.columns[-2:].tolist() == ["frame", "particle"]
        assert (table.groupby("frame").size() >= 8).all()
    code, said, _ = run("info", out)
    assert code == 0
    assert "closed" in said
    assert "8 frames, 0 to 7" in said


def test_it_does_not_overwrite(run, movie, tmp_path):
    out = tmp_path / "out.h5"
    run("track", movie, *options(out))
    before = out.read_bytes()
    refused(run("track", movie, *options(out)), "exists", "--resume")
    assert out.read_bytes() == before


def test_resume_needs_the_same_parameters(run, movie, tmp_path):
    out = tmp_path / "out.h5"
    run("track", movie, *options(out))
    refused(
        run("track", movie, "-d", "11", "-r", "6", "-o", out, "--resume"),
        "other parameters",
        "diameter was 9 and is now 11",
    )


def test_resume_goes_on_when_the_movie_has_grown(run, movie, tmp_path, images):
    out, whole = tmp_path / "out.h5", tmp_path / "whole.h5"
    run("track", movie, *options(whole))
    late = [tmp_path / f"frame{number}.png" for number in range(5, FRAMES)]
    for path in late:
        path.rename(path.with_suffix(".later"))
    run("track", movie, *options(out))
    for path in late:
        path.with_suffix(".later").rename(path)
    code, said, _ = run("track", movie, *options(out), "--resume")
    assert code == 0
    assert "resumed at frame 5" in said
    with FramewiseStore(out, mode="r") as one, FramewiseStore(whole, mode="r") as other:
        assert one.dump().equals(other.dump())


def test_no_files_match(run, tmp_path):
    refused(run("track", str(tmp_path / "*.png"), *options(tmp_path / "o.h5")), "no file matches")
    assert not (tmp_path / "o.h5").exists()


@pytest.mark.parametrize(
    ("diameter", "word"), [("8", "odd"), ("201", "larger than the image"), ("five", "number")]
)
def test_a_diameter_that_cannot_be(run, movie, tmp_path, diameter, word):
    out = tmp_path / "o.h5"
    refused(run("track", movie, "-d", diameter, "-r", "5", "-o", out), word)
    assert not out.exists()


def test_an_unreadable_image_is_named_and_can_be_skipped(run, movie, tmp_path):
    (tmp_path / "frame4.png").write_bytes((tmp_path / "frame4.png").read_bytes()[:300])
    out = tmp_path / "out.h5"
    refused(run("track", movie, *options(out)), "frame 4", "frame4.png")
    with FramewiseStore(out, mode="r") as store:
        assert store.frames == [0, 1, 2, 3]
    code, said, _ = run("track", movie, *options(out), "--resume", "--on-error", "skip")
    assert code == 0
    assert "1 unreadable" in said
    with StreamFileView(out) as view:
        assert view.record_streams["features"].keys().tolist() == [0, 1, 2, 3, 5, 6, 7]
        failed = view.record_streams["failed_frames"]
        assert failed.keys().tolist() == [4]
        assert b"frame4.png" in failed[4]["message"][0]


def test_a_frame_of_another_shape(run, movie, tmp_path, images):
    iio.imwrite(tmp_path / "frame5.png", images[5][:100])
    refused(run("track", movie, *options(tmp_path / "o.h5")), "frame 5", "100 x 160", "128 x 160")


def test_nan_in_a_frame(run, tmp_path, images):
    stack = np.array(images, "float32")
    stack[3, 10, 20] = np.nan
    tifffile.imwrite(tmp_path / "stack.tif", stack)
    refused(
        run("track", tmp_path / "stack.tif", *options(tmp_path / "o.h5")), "frame 3", "(10, 20)"
    )


def test_a_file_of_another_program_is_left_alone(run, movie, tmp_path):
    out = tmp_path / "theirs.h5"
    with h5py.File(out, "w") as h5:
        h5["x"] = np.arange(10)
    before = out.read_bytes()
    refused(run("track", movie, *options(out)), "exists")
    refused(run("track", movie, *options(out), "--resume"), "not made by longtake")
    assert out.read_bytes() == before
    with pytest.raises(NotALongtakeFile):
        FramewiseStore(out)


def test_images_with_channels_need_a_choice(run, tmp_path, images):
    for number in range(2):
        iio.imwrite(tmp_path / f"c{number}.png", np.stack([images[number]] * 3, axis=-1))
    pattern = str(tmp_path / "c*.png")
    refused(run("track", pattern, *options(tmp_path / "o.h5")), "channels", "gray")
    code, said, _ = run("track", pattern, *options(tmp_path / "o.h5"), "--gray", "mean")
    assert (code, "2 frames" in said) == (0, True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_keeps_what_was_finished(run, tmp_path, small_disk):
    movie = BrownianMovie(frames=60, shape=(512, 512), particles=300, diffusion=0.05, radius=1.5)
    tifffile.imwrite(tmp_path / "stack.tif", np.array(list(movie)))
    out = small_disk / "out.h5"
    code, _, err = run("track", tmp_path / "stack.tif", "-d", "5", "-r", "4", "-o", out)
    assert code == 1
    assert "No space left on device" in err
    with FramewiseStore(out, mode="r") as store:
        frames = store.frames
        assert 0 < len(frames) < 60
        assert len(store.dump()) > 0
    assert frames == list(range(len(frames)))
    with h5py.File(out) as h5:
        assert h5["record_stream/features/index"]["timestamp"][: len(frames)].tolist() == frames


def test_an_output_that_cannot_be_is_told_by_its_name(run, movie, tmp_path):
    inside = tmp_path / "frame0.png" / "x.h5"
    result = run("track", movie, *options(inside))
    refused(result, f"{inside} cannot be made", "is not a folder")
    assert ".longtake" not in result[2]
    long = tmp_path / ("x" * 300)
    refused(run("track", movie, *options(long)), f"{long} cannot be made", "too long")
    none = tmp_path / "none" / "x.h5"
    refused(run("track", movie, *options(none)), f"there is no folder {none.parent}")
    result = run("track", movie, *options("/proc/x.h5"))
    refused(result, "/proc/x.h5 cannot be made")
    assert "there is no folder" not in result[2]


def test_nan_in_the_first_frame_leaves_no_file(run, tmp_path, images):
    stack = np.array(images, "float32")
    stack[0, 10, 20] = np.nan
    tifffile.imwrite(tmp_path / "stack.tif", stack)
    for _ in range(2):
        said = run("track", tmp_path / "stack.tif", *options(tmp_path / "o.h5"))
        refused(said, "frame 0", "(10, 20)")
    assert not (tmp_path / "o.h5").exists()


def test_one_diameter_or_the_same_for_each_axis(run, movie, tmp_path):
    out = tmp_path / "out.h5"
    run("track", movie, *options(out))
    again = ["-d", "9,9", "-r", "6,6", "--minmass", "100", "--separation", "10", "-o", out]
    assert run("track", movie, *again, "--resume")[0] == 0
