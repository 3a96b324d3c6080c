"""The functions for results: as swmr_tools' own, and rightly where those are wrong."""

from __future__ import annotations

from math import prod

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swmr_tools import chunk_utils as their_chunks
from swmr_tools import utils as theirs

from longtake.errors import InvalidArgument
from longtake.follow import chunk_utils, utils

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@given(st.data())
def test_positions(data):
    shape = data.draw(shapes)
    rank = data.draw(st.integers(1, len(shape)))
    index = data.draw(st.integers(0, prod(shape[:rank]) - 1))
    for name in ("get_position", "get_position_snake", "get_position_snake_row", "get_row_slice"):
        ours = getattr(utils, name)(index, shape, rank)
        assert ours == getattr(theirs, name)(index, shape, rank), name


@given(st.data())
def test_slices_of_a_stack_in_a_grid(data):
    shape = data.draw(shapes)
    row = data.draw(st.integers(0, prod(shape[:-1]) - 1)) * shape[-1]
    start = data.draw(st.integers(0, shape[-1] - 1))
    stop = data.draw(st.integers(start + 1, shape[-1]))
    snake = data.draw(st.booleans())
    stack = (slice(row + start, row + stop), slice(0, 7))
    ours = utils.convert_stack_to_grid(stack, shape, snake)
    if stop == start + 1:
        their = theirs.convert_stack_to_grid(stack, shape, snake)
        assert [(s.start, s.stop) for s in _forwards(ours)] == [(s.start, s.stop) for s in their]
    # Of several they know only the first and the last; what is right can be counted.
    find = utils.get_position_snake if snake else utils.get_position
    numbers = np.empty(shape, int)
    for index in range(prod(shape)):
        numbers[find(index, shape, len(shape))] = index
    assert numbers[tuple(ours[:-1])].ravel().tolist() == list(range(row + start, row + stop))
    assert ours[-1] == slice(0, 7)


def _forwards(slices):
    *rows, last, frame = slices
    if last.step == -1:
        last = slice(-1 if last.stop is None else last.stop, last.start)
        last = slice(last.start + 1, last.stop + 1)
    return [*rows, last, frame]


def test_what_is_not_in_the_scan_is_refused():
    for name in ("get_position", "get_position_snake", "get_row_slice"):
        for index in (-1, 6):
            with pytest.raises(InvalidArgument, match=f"index {index} is out of bounds"):
                getattr(utils, name)(index, (2, 3), 2)
    with pytest.raises(InvalidArgument, match="several rows"):
        utils.convert_stack_to_grid((slice(2, 4),), (2, 3))


@pytest.mark.parametrize(
    ("data", "maxshape"),
    [
        (np.ones((1, 1, 4, 5)), (2, 3)),
        (np.ones((4, 5), "u1"), (None,)),
        (np.ones(1), (None,)),
        (np.float64(3), (7,)),
        (np.ones((1, 1)), (2, None)),
        (np.array([[True]]), (2, 2)),
        (np.ones(12), (None, 3)),
    ],
)
def test_datasets_of_results_are_made_alike(tmp_path, data, maxshape):
    found = []
    with h5py.File(tmp_path / "f.h5", "w") as h5:
        for number, module in enumerate((theirs, utils)):
            made = module.create_dataset(data, maxshape, h5, f"g{number}/x", compression="gzip")
            at = tuple(slice(2 if n is None else n - 1, 3 if n is None else n) for n in maxshape)
            module.append_data(data, at, made)
            module.append_data(data, (slice(0, 1),) * len(maxshape), made)
            properties = (made.shape, made.maxshape, made.chunks, made.dtype, made.compression)
            found.append((properties, made[...].tolist()))
    assert found[0] == found[1]


def test_results_of_a_large_scan_are_not_one_chunk(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as h5:
        for limits, chunks in {
            (256, 256): (256, 256),
            (100_000, 50_000): (1, 50_000),
            (5, 200_000): (1, 65536),
            (400, 3, 1000): (21, 3, 1000),
            (None, 300): (1, 300),
        }.items():
            made = utils.create_dataset(1.5, limits, h5, str(limits))
            utils.append_data(2.5, (slice(1, 2),) * len(limits), made)
            assert made.chunks == chunks
            assert made[made.shape[0] - 1].max() == 2.5


def test_axes_of_nexus_groups(tmp_path):
    found = []
    with h5py.File(tmp_path / "f.h5", "w") as h5:
        for number, module in enumerate((theirs, utils)):
            file = h5.create_group(str(number))
            entry = module.create_nxentry(file, "entry")
            frames = module.create_nxdata(entry, "frames")
            frames.attrs["axes"] = np.array(["y", "x", ".", "."], h5py.string_dtype())
            frames["y"], frames["x"] = np.arange(2), np.arange(3)
            frames["y"].attrs["units"] = "mm"
            frames.attrs["y_indices"], frames.attrs["x_indices"] = 0, 1
            outs = [
                (module.create_nxdata(entry, "a", default=False), 2, None, frames),
                (module.create_nxdata(entry, "b", default=False), 1, ["q"], frames),
                (module.create_nxdata(entry, "c", default=False), 2, ["q", "r"], entry["a"]),
            ]
            bare = module.create_nxdata(entry, "bare", default=False)
            outs.append((module.create_nxdata(entry, "d", default=False), 2, None, bare))
            for out, rank, axes, source in outs:
                module.copy_nexus_axes(source, out, rank, axes)
            found.append((_shown(file), [_shown(out) for out, *_ in outs]))
    assert found[0] == found[1]


def _shown(group):
    shown = {}
    group.visititems(lambda name, node: shown.update({name: _attributes(node)}))
    return _attributes(group), shown


def _attributes(node):
    return {name: np.asarray(value).tolist() for name, value in node.attrs.items()}


def test_a_file_that_can_be_read(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w", libver="latest") as h5:
        h5["a/b"] = 1
    path = tmp_path / "f.h5"
    assert utils.check_file_readable(path, ["/a/b", "a"])
    assert not utils.check_file_readable(path, ["/a/b", "c"], timeout=0.01, retrys=2)
    assert not utils.check_file_readable(tmp_path / "none.h5", [], timeout=0.01)
    with pytest.raises(InvalidArgument, match="retrys"):
        utils.check_file_readable(path, [], retrys=0)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=3).map(tuple), st.integers(1, 20),
    st.booleans(), st.sampled_from([(), (2,)]),
)  # fmt: skip
def test_chunks_of_a_stack_fill_the_grid(shape, length, snake, frame):
    stack = np.arange(1, prod(shape) * prod(frame) + 1).reshape(-1, *frame)
    find = utils.get_position_snake if snake else utils.get_position
    right = np.zeros((*shape, *frame), int)
    for index, values in enumerate(stack):
        right[find(index, shape, len(shape))] = values
    grid, last = np.zeros((*shape, *frame), int), None
    for index in range(0, len(stack), length):
        chunk = np.zeros((length, *frame), int)
        there = stack[index : index + length]
        chunk[: len(there)] = there
        parts = chunk_utils.get_slice_structure(index, length, shape, snake)
        chunk_utils.write_data(parts, chunk, last, grid)
        last = chunk
    assert np.array_equal(grid, right)


@pytest.mark.parametrize("snake", [False, True])
@pytest.mark.parametrize(("shape", "length"), [((6, 4), 10), ((4, 6), 4), ((3, 4), 8)])
def test_the_grid_is_what_swmr_tools_writes(shape, length, snake):
    grids = []
    for module in (their_chunks, chunk_utils):
        grid, last = np.zeros((*shape, 3), int), None
        stack = np.arange(prod(shape) * 3 + 3 * length).reshape(-1, 3)
        for index in range(0, prod(shape), length):
            chunk = stack[index : index + length]
            parts = module.get_slice_structure(index, length, shape, snake)
            module.write_data(parts, chunk, last, grid)
            last = chunk
        grids.append(grid.tolist())
    assert grids[0] == grids[1]


def test_parts_of_a_row_are_as_long_as_a_chunk():
    def found(snake):
        several = [chunk_utils.get_slice_structure(i, 4, (2, 10), snake) for i in range(0, 20, 4)]
        return [[(part.type, part.position) for part in parts] for parts in several]

    row = [[("current", (0, 0))], [("current", (0, 4))]]
    forwards = [
        [("current", (0, 8))],
        [("combined", (1, 0))],
        [("combined", (1, 4)), ("current", (1, 8))],
    ]
    backwards = [
        [("current", (0, 8)), ("current", (1, 8))],
        [("current", (1, 4))],
        [("current", (1, 0))],
    ]
    assert found(False) == row + forwards
    assert found(True) == row + backwards


def test_a_chunk_that_is_missing():
    parts = chunk_utils.get_slice_structure(4, 4, (1, 6), False)
    parts += chunk_utils.get_slice_structure(3, 3, (3, 2), False)
    with pytest.raises(InvalidArgument, match="last_data"):
        chunk_utils.write_data(parts, np.zeros((4, 1)), None, np.zeros((3, 6, 1)))
    with pytest.raises(InvalidArgument, match="out of bounds"):
        chunk_utils.get_slice_structure(6, 3, (3, 2), False)
