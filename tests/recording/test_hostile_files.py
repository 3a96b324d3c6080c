"""Nothing in a file runs code, takes memory unasked or hides what is whole beside it."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import DamagedFile, LongtakeError
from longtake.recording import index_check
from longtake.recording.check import check
from longtake.streams.columns import index_dtype
from tests.recording.cl_file import cl_file
from tests.recording.runs import begin


class Payload:
    def __reduce__(self):
        return os.mkdir, ("/tmp/longtake-was-here",)


@pytest.fixture(params=["longtake", "plain"])
def path(request, tmp_path):
    """A file with a whole stream `game`, in which others are to be spoilt."""
    made = tmp_path / "h.h5"
    if request.param == "longtake":
        begin(made, 50).stop()
    else:
        cl_file(made, {"game": {t: {"t": t} for t in range(50)}})
    return made


def require_game(path) -> None:
    """The rest of the file stays readable."""
    with lt.open(path) as view:
        assert view.data_streams.game[7]["t"] == 7
        assert len(view.data_streams.game) == 50


def test_a_pickle_among_the_attributes_is_not_run(path):
    with h5py.File(path, "r+") as h5:
        for node in (h5, h5["data_stream/game"]):
            node.attrs["application"] = np.bytes_(pickle.dumps(Payload(), 0))
    require_game(path)
    with lt.open(path) as view:
        for attributes in (view.attributes, view.data_streams.game.attributes):
            with pytest.raises(DamagedFile, match="mkdir"):
                attributes["application"]
        assert view.data_streams.game.attributes.name == "game"
    assert {problem.path for problem in check(path).problems} == {"/", "/data_stream/game"}
    assert not Path("/tmp/longtake-was-here").exists()


def spoil(path, make) -> h5py.Group:
    """Add a stream `bad`, made by a function of its group."""
    with h5py.File(path, "r+") as h5:
        group = h5.create_group("data_stream/bad")
        make(group)


def index(rows: int = 1, **fields) -> np.ndarray:
    made = np.zeros(rows, index_dtype("timestamp"))
    made["timestamp"] = range(rows)
    made["checksum"] = 1
    for name, value in fields.items():
        made[name] = value
    return made


def chunked(group, name, data) -> None:
    group.create_dataset(name, data=data, chunks=True, maxshape=(None, *np.shape(data)[1:]))


def other_index(group):
    chunked(group, "index", np.zeros(3, "i4"))
    chunked(group, "data", np.zeros(3, "u1"))


def absurd_length(group):
    chunked(group, "index", index(end_index=2**50))
    group.create_dataset(
        "data", (2**50,), "u1", chunks=(1 << 30,), maxshape=(None,), compression="gzip"
    )


def objects(group):
    chunked(group, "index", index(end_index=1))
    group.create_dataset("data", (1,), h5py.string_dtype(), chunks=(1,), maxshape=(None,))


def no_data(group):
    chunked(group, "index", index())


def cycle(group):
    chunked(group, "index", index())
    group["data"] = group.file["/"]


def soft_cycle(group):
    chunked(group, "index", index())
    group["data"] = h5py.SoftLink("data")


def elsewhere(group):
    chunked(group, "index", index())
    group["data"] = h5py.ExternalLink("/etc/passwd", "/x")


def outside(group):
    chunked(group, "index", index(end_index=9))
    group.create_dataset("data", (9,), "u1", external=[("/etc/passwd", 0, 9)])


def scalar(group):
    group["index"] = 1
    group["data"] = 1


@pytest.mark.parametrize(
    "make",
    [other_index, absurd_length, objects, no_data, cycle, soft_cycle, elsewhere, outside, scalar],
)
def test_a_stream_that_is_none_is_told_and_the_others_are_read(path, make):
    spoil(path, make)
    require_game(path)
    report = check(path)
    assert {problem.path for problem in report.problems} == {"/data_stream/bad"}
    with lt.open(path) as view:
        assert set(view.data_streams) == {"bad", "game"}
        with pytest.raises(DamagedFile, match="bad"):
            list(view.data_streams.bad.items())
        assert view.data_streams["game"][3]["t"] == 3


def test_links_of_streams_to_elsewhere_are_not_followed(path):
    with h5py.File(path, "r+") as h5:
        h5["data_stream/loop"] = h5py.SoftLink("/data_stream/loop")
        h5["data_stream/away"] = h5py.ExternalLink(str(path.with_name("x.h5")), "/")
        h5["data_stream/up"] = h5["/"]
    require_game(path)
    with lt.open(path) as view:
        assert set(view.data_streams) == {"game"}
    assert check(path).is_whole


def test_an_entry_that_hides_objects_is_refused(path):
    entry = b"\x83\xc4\x02nd\xc3\xc4\x04kind\xc4\x01O\xc4\x04data\xc4\x01."

    def make(group):
        chunked(group, "index", index(end_index=len(entry)))
        chunked(group, "data", np.frombuffer(entry, "u1"))

    spoil(path, make)
    require_game(path)
    assert [problem.row for problem in check(path).problems] == [0]


def billion(parent, name, fill, *, chunk: int = 65_536) -> h5py.Dataset:
    """Make a dataset of 10⁹ rows that were never written: they all read as one value."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((chunk,))
    plist.set_fill_value(fill)
    kind, space = h5py.h5t.py_create(fill.dtype), h5py.h5s.create_simple((10**9,), (10**9,))
    made = h5py.h5d.create(parent.id, name.encode(), kind, space, plist)
    return h5py.Dataset(made)


@pytest.mark.parametrize("kind", ["data_stream", "frame_stream", "record_stream"])
def test_an_index_that_claims_a_billion_rows(path, kind):
    """Their keys alone would take 8 GB, and their data would be read a billion times."""
    with h5py.File(path, "r+") as h5:
        group = h5.create_group(f"{kind}/bad")
        billion(group, "index", np.array(index(end_index=1000)[0]))
        chunked(group, "data", np.zeros(1000, "u1"))
        group["data"].attrs.update({"index": "index", "position": 0})
    require_game(path)
    report = check(path)
    (problem,) = report.problems
    assert problem.path == f"/{kind}/bad"
    with lt.open(path) as view:
        streams = {"d": view.data_streams, "f": view.frame_streams, "r": view.record_streams}
        with pytest.raises(DamagedFile, match="bad/index"):
            len(streams[kind[0]].bad)


def test_data_that_claim_to_be_a_billion_rows(path):
    with h5py.File(path, "r+") as h5:
        group = h5.create_group("record_stream/bad")
        chunked(group, "index", index(100_000, start_index=range(0, 10**9, 10_000)))
        group["index"][:, "end_index"] = range(10_000, 10**9 + 1, 10_000)
        made = billion(group, "data", np.array(7.0, "f8"))
        made.attrs.update({"index": "index", "position": 0})
    require_game(path)
    assert {problem.path for problem in check(path).problems} == {"/record_stream/bad"}


@pytest.fixture
def reads(monkeypatch):
    """How many bytes of data `check` reads."""
    sizes: list[int] = []
    real = index_check._Window._load

    def load(window, start):
        before = window.loaded
        real(window, start)
        sizes.append(window.loaded - before)

    monkeypatch.setattr(index_check._Window, "_load", load)
    return sizes


@pytest.mark.parametrize("checksum", [1, 5], ids=["unchecked", "wrong"])
@pytest.mark.parametrize("spans", ["all", "shifted", "scattered"])
def test_rows_that_overlap_are_not_read_for_ever(path, monkeypatch, reads, spans, checksum):
    count, rows = 1_000_000, 3000
    monkeypatch.setattr(index_check, "_AGAIN_BYTES", 10**6)
    monkeypatch.setattr(index_check, "_MOST_TO_FIND", 500)
    made = index(rows, end_index=count, checksum=checksum)
    if spans == "shifted":
        made["start_index"] = range(rows)
    elif spans == "scattered":
        made["start_index"][1:] = np.random.default_rng(1).integers(0, count - 1, rows - 1)
        made["end_index"][1:] = made["start_index"][1:] + 1

    def make(group):
        chunked(group, "index", made)
        chunked(group, "data", np.zeros(count))
        group["data"].attrs.update({"index": "index", "position": 0})

    with h5py.File(path, "r+") as h5:
        make(h5.create_group("record_stream/bad"))
    require_game(path)
    report = check(path)
    size = 8 * count
    assert sum(reads) < 20 * size  # of the 3000 times that the rows ask for
    bad = next(stream for stream in report.streams if stream.name == "bad")
    assert bad.entries == rows
    if spans == "all" and checksum == 1:
        assert report.is_whole  # as where a value is put again and again
        assert sum(reads) < 2 * size
    else:
        assert bad.problem_count == 501
        assert len(bad.problems) == 100


def test_cut_anywhere_it_is_one_clear_error(path):
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        path.write_bytes(whole[:length])
        for use in (check, lt.open):
            with suppress(LongtakeError):
                found = use(path)
                assert use is lt.open or not found.is_whole or length > 0.9 * len(whole)


def test_flipped_bits_are_told_or_harmless(path):
    whole = path.read_bytes()
    used = np.flatnonzero(np.frombuffer(whole, "u1"))
    chosen = np.random.default_rng(5)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chosen.choice(used)] ^= 1 << int(chosen.integers(8))
        path.write_bytes(damaged)
        with suppress(LongtakeError):
            check(path).to_dict()
            with lt.open(path) as view:
                for streams in (view.data_streams, view.frame_streams, view.record_streams):
                    for stream in streams.values():
                        list(stream.items())
