"""Frames of scans: as swmr_tools gives them, and rightly where it fails."""

from __future__ import annotations

from math import prod

import h5py
import numpy as np
import pytest
import swmr_tools
from hypothesis import given, settings
from hypothesis import strategies as st
from swmr_tools.datasource import FrameReader as TheirReader

from longtake.errors import (
    CannotFollow,
    Closed,
    DamagedFile,
    InvalidArgument,
    NothingCame,
    WrongType,
)
from longtake.follow import DataSource, FrameReader
from longtake.follow.keys.frame_ways import ChunkAFrame, InOnePiece, ThroughHdf5
from tests.follow.plain import Plain

SOON = 0.02


def given_by(package, *arguments, timeout=SOON, **more):
    """All that a source of a package gives, in a form to compare."""
    source = package.DataSource(*arguments, timeout=timeout, **more)
    points = [
        (
            point.index,
            point.slice_metadata,
            point.maxshape,
            {name: (frame.dtype, frame.shape, frame.tolist()) for name, frame in point.items()},
        )
        for point in source
    ]
    return points, source.has_timed_out(), source.is_scan_finished()


layouts = st.sampled_from(["contiguous", "a frame", "several", "gzip", "bands"])


@st.composite
def scans(draw):
    grid = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    grid = (*grid[:-1], draw(st.integers(2, 9)))  # a last one of 1 would be of the frame
    frame = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    dtype = draw(st.sampled_from(["u1", "<u2", ">u2", "<f8", "bool", "S3"]))
    return grid, frame, dtype, draw(layouts), draw(st.integers(0, prod(grid)))


def store(h5, name, values, layout, rank):
    scan, frame = values.shape[:rank], values.shape[rank:]
    if layout == "contiguous":
        h5[name] = values
        return
    chunks = (*(1,) * rank, *frame)
    if layout == "several":
        chunks = (*(1,) * (rank - 1), min(3, scan[-1]), *frame)
    if layout == "bands" and frame:
        chunks = (*(1,) * rank, 1, *frame[1:])
    how = {"compression": "gzip"} if layout == "gzip" else {}
    limits = (None, *values.shape[1:])
    h5.create_dataset(name, data=values, chunks=chunks, maxshape=limits, **how)


@settings(max_examples=60, deadline=None)
@given(scans())
def test_every_layout_gives_what_swmr_tools_gives(tmp_path_factory, scan):
    grid, frame, dtype, layout, there = scan
    path = tmp_path_factory.mktemp("scan") / "f.h5"
    values = (np.arange(prod(grid + frame)) % 251).reshape(grid + frame).astype(dtype)
    keys = (np.arange(prod(grid)) < there).reshape(grid + (1,) * len(frame)).astype("i4")
    with h5py.File(path, "w", libver="latest") as h5:
        store(h5, "data", values, layout, len(grid))
        h5["keys"], h5["finished"] = keys, [1]
        h5["number"] = np.arange(prod(grid)).reshape(grid)
    found = []
    for package in (swmr_tools, _longtake()):
        with h5py.File(path, "r", swmr=True) as h5:
            sets = {"data": h5["data"], "number": h5["number"]}
            more = {"finished_dataset": h5["finished"], "timeout": 0.4}  # they sleep a 20th of it
            found.append(given_by(package, [h5["keys"]], sets, **more))
    assert found[0] == found[1]


def _longtake():
    import longtake.follow

    return longtake.follow


def test_more_small_frames_than_are_read_at_once(tmp_path):
    values = np.arange(3000 * 6, dtype="u2").reshape(3000, 2, 3)
    for layout in ("contiguous", "a frame", "several", "gzip"):
        path = tmp_path / f"{layout}.h5"
        with h5py.File(path, "w", libver="latest") as h5:
            store(h5, "data", values, layout, 1)
            h5["keys"], h5["finished"] = np.ones((3000, 1, 1)), 1
        with h5py.File(path, "r", swmr=True) as h5:
            source = DataSource([h5["keys"]], {"d": h5["data"]}, 9, h5["finished"])
            frames = [point["d"] for point in source]  # what was given stays right
        assert np.array_equal(np.concatenate(frames), values), layout


@pytest.mark.parametrize(
    ("layout", "way"),
    [
        ("contiguous", InOnePiece),
        ("a frame", ChunkAFrame),
        ("several", ThroughHdf5),
        ("gzip", ThroughHdf5),
    ],
)
def test_ways(tmp_path, layout, way):
    values = np.arange(300 * 6, dtype="u2").reshape(300, 2, 3)
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        store(h5, "data", values, layout, 1)
        assert isinstance(FrameReader(h5["data"], 1)._way, ThroughHdf5)  # it may not be on disk
    with h5py.File(tmp_path / "f.h5", "r") as h5:
        reader = FrameReader(h5["data"], 1)
        assert type(reader._way) is way
        for first, count, ahead in [(0, 300, 300), (7, 64, 293), (5, 2, 2), (299, 1, 1)]:
            frames = reader.read_frames(first, count, ahead)
            assert np.array_equal(np.concatenate(frames), values[first : first + count])
            assert all(frame.flags.writeable for frame in frames)


def test_chunks_that_were_never_written_are_what_stands_for_them(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        limits, chunks = (None, 4), (1, 4)
        data = h5.create_dataset("d", (200, 4), "u2", fillvalue=7, maxshape=limits, chunks=chunks)
        data[100:] = 1
    right = np.where(np.arange(200) < 100, 7, 1)[:, None].repeat(4, 1)
    with h5py.File(tmp_path / "f.h5", "r") as h5:
        reader = FrameReader(h5["d"], 1)
        assert np.array_equal(np.concatenate(reader.read_frames(0, 200)), right)
        frames = [reader.read_frame(index)[0] for index in range(90, 110)]
        assert np.array_equal(np.concatenate(frames), right[90:110])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_interleaved_datasets(n):
    parts = [Plain(np.arange(turn, 24, n)[:, None] * [1, 100]) for turn in range(n)]
    keys = Plain(np.ones((22, 1), int))
    found = [
        given_by(package, [keys], None, interleaved_datasets={"d": parts})
        for package in (swmr_tools, _longtake())
    ]
    assert found[0] == found[1]
    assert [point[3]["d"][2][0][0] for point in found[1][0]] == list(range(22))


def test_frames_of_interleaved_datasets_are_waited_for():
    parts = [Plain(np.zeros((3, 2))), Plain(np.zeros((1, 2)))]
    source = DataSource([Plain(np.ones(5))], None, SOON, interleaved_datasets={"d": parts})
    assert [point.index for point in source] == [0, 1, 2]
    parts[1].values = np.zeros((2, 2))
    assert [point.index for point in source] == [3, 4]


def test_nothing_to_follow_is_refused():
    for arguments in ((None,), ({},)):
        with pytest.raises(RuntimeError, match="No data specified to follow!"):
            DataSource([Plain([1])], *arguments)
    with pytest.raises(InvalidArgument, match="'d' is interleaved from no datasets"):
        DataSource([Plain([1])], None, interleaved_datasets={"d": []})


def test_what_is_no_list_or_mapping_of_datasets_is_refused():
    one = Plain(np.ones(3))
    for keys in (None, 3, one):
        with pytest.raises(WrongType, match="key_datasets is a list of datasets"):
            DataSource(keys, {"d": one})
    for datasets in ([one], one):
        with pytest.raises(WrongType, match="datasets is datasets by name"):
            DataSource([one], datasets)
        with pytest.raises(WrongType, match="interleaved_datasets is datasets by name"):
            DataSource([one], None, interleaved_datasets=datasets)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((6,), r"has shape \(6,\), and its scan 2 dimensions"),
        ((2, 4, 5), r"\(2, 4\) and the scan's are \(2, 3\)"),
    ],
)
def test_what_is_of_another_scan_is_refused(shape, says):
    keys = Plain(np.ones((2, 3, 1, 1)))
    with pytest.raises(CannotFollow, match=says):
        DataSource([keys], {"d": Plain(np.ones(shape))})
    with pytest.raises(CannotFollow, match="only a stack"):
        DataSource([keys], None, interleaved_datasets={"d": [Plain(np.ones((6, 5)))]})


def test_a_dataset_may_be_longer_than_its_scan_or_have_no_limits():
    keys = Plain(np.ones((2, 3, 1, 1)))
    long, free = Plain(np.ones((4, 3, 5))), Plain(np.ones((2, 3, 5)), (None, None, 5))
    points = list(DataSource([keys], {"long": long, "free": free}, SOON))
    assert [point.slice_metadata for point in points[-1:]] == [(slice(1, 2), slice(2, 3))]


def test_data_behind_its_keys_is_waited_for():
    data = Plain(np.zeros((2, 3)), (None, 3))
    looks = []

    def grow():
        looks.append(None)
        if len(looks) == 5:
            data.values = np.ones((4, 3))

    data.on_refresh = grow
    source = DataSource([Plain(np.ones((4, 1)))], {"d": data}, 60, Plain([1]))
    assert [point.index for point in source] == [0, 1, 2, 3]


def test_data_that_does_not_come_in_time_can_come_later():
    data = Plain(np.zeros((2, 3)), (None, 3))
    source = DataSource([Plain(np.ones((4, 1)))], {"d": data}, SOON)
    assert [point.index for point in source] == [0, 1]
    assert source.has_timed_out()
    data.values = np.ones((4, 3))
    assert [point.index for point in source] == [2, 3]


def test_batches_are_what_is_there_but_no_more_than_was_asked_for():
    keys = Plain(np.array([1] * 5 + [0] * 2))
    source = DataSource([keys], {"d": Plain(np.zeros((7, 300, 200)))}, SOON)
    batches = source.batches(3)
    assert [point.index for point in next(batches)] == [0, 1, 2]
    assert [point.index for point in next(batches)] == [3, 4]
    keys.values = np.ones(7)
    assert [point.index for point in next(batches)] == [5, 6]
    assert list(batches) == []
    assert source.has_timed_out()


def test_points_that_were_dealt_with_are_not_read():
    data = Plain(np.zeros((5, 3)))
    source = DataSource([Plain(np.ones(5))], {"d": data}, SOON, Plain([1]))
    source.go_on_after(2)
    assert [point.index for point in source] == [3, 4]
    assert data.read == 6
    source.go_on_after(4)
    assert list(source) == []
    source.go_on_after(-1)
    assert [point.index for point in source] == [0, 1, 2, 3, 4]
    with pytest.raises(InvalidArgument, match="a point's number"):
        source.go_on_after(-2)


def test_data_that_is_short_when_the_writer_is_done():
    source = DataSource([Plain(np.ones(4))], {"d": Plain(np.zeros((2, 3)))}, SOON, Plain([1]))
    with pytest.raises(DamagedFile, match="has 2 frames, though the keys tell of 4"):
        list(source)


def test_results_as_the_document_writes_them(tmp_path):
    values = np.arange(120).reshape(2, 3, 4, 5)
    source = DataSource([Plain(np.ones((2, 3, 1, 1)))], {"d": Plain(values)}, SOON)
    with h5py.File(tmp_path / "results.h5", "w") as h5:
        for point in source:
            total = point["d"].sum(axis=(-1, -2)).squeeze()
            if point.index == 0:
                totals = source.create_dataset(total, h5, "processed/totals")
            else:
                source.append_data(total, point.slice_metadata, totals)
        assert np.array_equal(h5["processed/totals"], values.sum(axis=(2, 3)))


def test_frames_by_number():
    values = np.arange(24).reshape(2, 3, 4)
    for rank in (1, 2):
        theirs, ours = TheirReader(Plain(values), rank), FrameReader(Plain(values), rank)
        for index in range(prod(values.shape[:rank])):
            (their, at), (our, where) = theirs.read_frame(index), ours.read_frame(index, True)
            assert where == at
            assert our.shape == their.shape
            assert np.array_equal(our, their)


def test_a_frame_that_is_not_there():
    reader = FrameReader(Plain(np.zeros((2, 3))), 1, timeout=SOON)
    with pytest.raises(NothingCame, match="has 2 frames, and frame 2 did not come"):
        reader.read_frame(2)
    with pytest.raises(InvalidArgument, match="0 or more"):
        reader.read_frame(-1)


@pytest.mark.parametrize("layout", ["contiguous", "a frame"])
def test_a_file_that_was_closed_meanwhile(tmp_path, layout):
    with h5py.File(tmp_path / "f.h5", "w") as h5:
        store(h5, "data", np.zeros((200, 2, 3)), layout, 1)
    with h5py.File(tmp_path / "f.h5", "r") as h5:
        reader = FrameReader(h5["data"], 1)
        reader.read_frames(0, 64, 200)
    with (tmp_path / "other").open("wb+"), pytest.raises(Closed, match="was closed"):
        reader.read_frames(64, 64, 136)


def test_frames_that_grow(tmp_path):
    values = np.arange(200 * 6, dtype="u2").reshape(200, 2, 3)
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as writer:
        how = {"maxshape": (None, None, 3), "chunks": (1, 2, 3)}
        writer.create_dataset("data", data=values, **how)
        writer.swmr_mode = True
        with h5py.File(tmp_path / "f.h5", "r", swmr=True) as h5:
            reader = FrameReader(h5["data"], 1)
            assert np.array_equal(np.concatenate(reader.read_frames(0, 200)), values)
            assert reader.at_once == 1024
            writer["data"].resize((200, 100_000, 3))
            writer.flush()
            frame, _ = reader.read_frame(3, force_refresh=True)
            assert frame.shape == (1, 100_000, 3)
            assert np.array_equal(frame[0, :2], values[3])
            assert reader.at_once == 1
