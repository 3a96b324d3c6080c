"""``longtake import``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import longtake.tree as tt
from longtake.cli.app import app
from longtake.cli.import_folder import _DRAFT
from longtake.errors import AlreadyExists, DamagedFile, InvalidArgument, WrongType
from longtake.tree import filenode


def run(*arguments: object):
    return CliRunner().invoke(app, ["import", *map(str, arguments)], catch_exceptions=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "from"
    (folder / "sub").mkdir(parents=True)
    for number in range(6):
        (folder / "sub" / f"{number}").write_text(f"content {number}")
    (folder / "link").symlink_to("sub")
    return folder


def test_it_makes_a_file_and_adds_to_one(tmp_path, folder):
    path = tmp_path / "a.h5"
    assert run(folder, path).stdout.splitlines() == [
        f"{path}: 6 files, 54 bytes, 1 folder, 1 left out",
        "  left out  link: a symbolic link",
    ]
    assert "6 were there already" in run(folder, path).stdout
    assert "6 files" in run(folder, path, "/again/here").stdout
    with tt.open_file(path) as h5:
        assert filenode.open_node(h5.root.again.here.sub["5"]).read() == b"content 5"
        assert filenode.open_node(h5.root.sub["0"]).read() == b"content 0"
    assert names(tmp_path) == ["a.h5", "from"]


def test_packed(tmp_path, folder):
    path = tmp_path / "a.h5"
    assert "6 files" in run(folder, path, "--packed").stdout
    assert "6 files" in run(folder, path.with_name("b.h5"), "/photos", "--packed").stdout
    assert "6 were there already" in run(folder, path).stdout
    with tt.open_file(path) as h5:
        assert filenode.open_packed(h5.root)["sub/3"] == b"content 3"


@pytest.mark.parametrize("packed", [[], ["--packed"]])
def test_overwrite_replaces_what_has_changed(tmp_path, folder, packed):
    arguments = [folder, tmp_path / "a.h5", "/g", *packed]
    run(*arguments)
    (folder / "sub" / "3").write_text("something else")
    with pytest.raises(AlreadyExists, match="overwrite"):
        run(*arguments)
    told = run(*arguments, "--overwrite").stdout
    assert "1 file, 14 bytes, 1 folder, 5 were there already" in told
    with tt.open_file(tmp_path / "a.h5", "a") as h5:
        assert filenode.export_folder(h5.root.g, tmp_path / "to").files == 6
        assert (tmp_path / "to" / "sub" / "3").read_text() == "something else"
        if not packed:
            h5.remove_node("/g/sub/3")
            h5.create_array("/g/sub", "3", [1])
    if not packed:
        with pytest.raises(AlreadyExists):
            run(*arguments, "--overwrite")


def test_what_is_refused_leaves_nothing(tmp_path, folder):
    with pytest.raises(WrongType, match="begins with '/': '/foo', not 'foo'"):
        run(folder, tmp_path / "a.h5", "foo")
    with pytest.raises(InvalidArgument):
        run(folder / "sub" / "1", tmp_path / "a.h5")
    assert names(tmp_path) == ["from"]
    run(folder, tmp_path / "a.h5")
    before = (tmp_path / "a.h5").stat().st_size
    (folder / "sub" / "3").write_text("something else")
    with pytest.raises(AlreadyExists):
        run(folder, tmp_path / "a.h5")
    assert (tmp_path / "a.h5").stat().st_size == before


@pytest.mark.parametrize("is_there", [False, True])
def test_ctrl_c_leaves_a_good_file_and_the_same_command_goes_on(
    tmp_path, folder, monkeypatch, is_there
):
    path = tmp_path / "a.h5"
    if is_there:
        tt.open_file(path, "w").close()
    copy, count = filenode.import_folder.__globals__["_copy"], []

    def copy_and_interrupt(*arguments):
        copy(*arguments)
        count.append(1)
        if len(count) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setitem(filenode.import_folder.__globals__, "_copy", copy_and_interrupt)
    stopped = run(folder, path)
    assert stopped.exit_code == 130
    assert "Run the same command to go on" in stopped.stderr
    with tt.open_file(path) as h5:
        assert sorted(h5.root.sub._v_children) == ["0", "1", "2"]
    assert "3 files, 27 bytes, 1 folder, 3 were there already" in run(folder, path).stdout
    assert names(tmp_path) == ["a.h5", "from"]


@pytest.fixture
def small_disk(tmp_path):
    """A folder with a disk of its own of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "longtake", str(disk)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {made.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


COMMAND = "from longtake.cli import main; main()"


@pytest.mark.parametrize("packed", [[], ["--packed"]])
@pytest.mark.parametrize(("count", "size"), [(1500, 3000), (200, 30_000), (3, 1_800_000)])
def test_a_full_disk_keeps_what_was_copied(tmp_path, small_disk, packed, count, size):
    (tmp_path / "from").mkdir()
    for number in range(count):
        (tmp_path / "from" / f"{number:04d}").write_bytes(os.urandom(size))
    arguments = [tmp_path / "from", small_disk / "a.h5", "/g", *packed]
    full = subprocess.run(
        [sys.executable, "-c", COMMAND, "import", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert full.returncode == 1
    assert "no room on its disk" in full.stderr
    assert len(full.stderr.splitlines()) == 1
    assert len(full.stderr) < 300
    assert names(small_disk) == ["a.h5"]
    with tt.open_file(small_disk / "a.h5") as h5:
        kept = filenode.export_folder(h5.root.g, tmp_path / "to")
    assert kept.bytes > 1_000_000
    for path in (tmp_path / "to").iterdir():
        assert path.read_bytes() == (tmp_path / "from" / path.name).read_bytes()
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    again = run(*arguments).stdout
    assert f" {kept.files} w" in again
    assert "there already" in again
    with tt.open_file(small_disk / "a.h5") as h5:
        assert filenode.export_folder(h5.root.g, tmp_path / "all").files == count


KILLED = """
import os, signal, sys
import longtake.tree.files.folder_import as module
from longtake.cli import main
copy = module._copy
def kill(source, target, found, told):
    copy(source, target, found, told)
    if told.files == 4:
        os.kill(os.getpid(), signal.SIGKILL)
module._copy = kill
sys.argv = ["longtake", "import", *sys.argv[1:]]
main()
"""


def test_kill_leaves_no_half_file(tmp_path, folder):
    path = tmp_path / "a.h5"
    killed = subprocess.run([sys.executable, "-c", KILLED, folder, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert names(tmp_path) == [f"a.h5{_DRAFT}", "from"]
    assert "6 files" in run(folder, path).stdout
    assert names(tmp_path) == ["a.h5", "from"]


def test_a_file_that_was_there_can_be_put_right_after_a_kill(tmp_path, folder):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as h5:
        h5.create_array("/", "mine", [1, 2, 3])
    subprocess.run([sys.executable, "-c", KILLED, folder, path], check=False)
    with pytest.raises(DamagedFile, match="longtake recover"):
        run(folder, path)
    CliRunner().invoke(app, ["recover", "--in-place", str(path)], catch_exceptions=False)
    assert "6 files" in run(folder, path).stdout
    with tt.open_file(path) as h5:
        assert h5.root.mine[:].tolist() == [1, 2, 3]
