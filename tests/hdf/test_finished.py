"""The flag that says whether all of a file is there."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.hdf import LiveFile, finished
from longtake.streams import StreamFile
from tests.hdf.make import add


def flag(path) -> int:
    with h5py.File(path) as h5:
        return int(h5["finished"][0])


def test_a_file_is_finished_once_it_is_closed(tmp_path):
    path = tmp_path / "f.h5"
    file = LiveFile.create(path, {})
    assert flag(path) == 0
    add(file, "one")
    assert flag(path) == 0
    file.close()
    assert flag(path) == 1


def test_one_that_nothing_was_done_in_too(tmp_path):
    path = tmp_path / "f.h5"
    LiveFile.create(path, {}).close()
    assert flag(path) == 1
    before = path.read_bytes()
    LiveFile.open(path).close()
    assert path.read_bytes() == before


def test_it_is_not_while_somebody_goes_on_nor_when_that_was_cut_short(tmp_path):
    path = tmp_path / "f.h5"
    with StreamFile.create(path) as file:
        file.create_data_stream("s").append(1, 1)
    file = StreamFile.open(path)
    assert flag(path) == 0
    file.data_streams["s"].append(2, 2)
    file._file.abandon()
    assert flag(path) == 0
    with StreamFile.open(path) as file:
        assert flag(path) == 0
    assert flag(path) == 1


def test_a_live_reader_is_told_of_it(tmp_path):
    """HDF5 2.0 cannot refresh a contiguous dataset that is written to: the flag is chunked."""
    path = tmp_path / "f.h5"
    file = StreamFile.create(path)
    with h5py.File(path, "r", swmr=True) as h5:
        seen = h5["finished"]
        assert (seen.shape, seen.chunks, seen[0]) == ((1,), (1,), 0)
        file.close()
        seen.refresh()
        assert seen[0] == 1


def test_a_file_without_one_is_written_as_before(tmp_path):
    path = tmp_path / "f.h5"
    with StreamFile.create(path) as file:
        file.create_data_stream("s").append(1, 1)
    with h5py.File(path, "r+") as h5:
        del h5["finished"]
    with StreamFile.open(path) as file:
        file.data_streams["s"].append(2, 2)
    with h5py.File(path) as h5:
        assert "finished" not in h5
        assert len(h5["data_stream/s/index"]) == 2


OTHERS = {
    "a group": lambda h5: h5.create_group("finished"),
    "two numbers": lambda h5: h5.create_dataset("finished", data=np.zeros(2, "u1")),
    "another type": lambda h5: h5.create_dataset("finished", data=np.zeros(1)),
    "a scalar": lambda h5: h5.create_dataset("finished", data=np.uint8(0)),
    "compressed": lambda h5: h5.create_dataset("finished", data=np.zeros(1, "u1"), chunks=(1,), compression="gzip"),
    "a link to nothing": lambda h5: h5.__setitem__("finished", h5py.SoftLink("/nowhere")),
    "a link elsewhere": lambda h5: h5.__setitem__("finished", h5py.ExternalLink("o.h5", "/finished")),
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_what_others_have_of_its_name_is_left_alone(tmp_path, other):
    path = tmp_path / "f.h5"
    with h5py.File(tmp_path / "o.h5", "w") as h5:
        h5["finished"] = np.ones(1, "u1")
    with h5py.File(path, "w") as h5:
        OTHERS[other](h5)
        assert finished.flag_of(h5) is None
        assert not finished.is_told(h5)
        finished.tell(h5)
        assert not finished.is_told(h5)


def test_a_damaged_one_is_none(tmp_path):
    path = tmp_path / "f.h5"
    with StreamFile.create(path) as file:
        file.create_data_stream("s").append(1, 1)
    with h5py.File(path) as h5:
        place = h5py.h5o.get_info(h5["finished"].id).addr
    with path.open("r+b") as raw:
        raw.seek(place)
        raw.write(bytes(16))
    with StreamFile.open(path) as file:
        file.data_streams["s"].append(2, 2)
    with h5py.File(path) as h5:
        assert len(h5["data_stream/s/index"]) == 2
