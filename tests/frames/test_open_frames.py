"""Images from anywhere: the same frames whatever holds them."""

from __future__ import annotations

import builtins
import pickle
from typing import TYPE_CHECKING

import imageio.v3 as iio
import numpy as np
import pims
import pytest
import tifffile

from longtake.errors import Closed, InvalidArgument, NotFound, UnreadableFrame, WrongType
from longtake.frames import open_frames
from longtake.pipeline import ordered_map

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 255, (12, 24, 32), dtype="uint8")


def write_pngs(folder: Path, images: np.ndarray) -> Path:
    for index, image in enumerate(images):
        iio.imwrite(folder / f"frame{index}.png", image)
    return folder


def numbers(frames) -> list[int]:
    return [frame.number for frame in frames]


def pixels(frames) -> np.ndarray:
    return np.stack([frame.read() for frame in frames])


# -- where the images are


def as_array(folder, images):
    return images


def as_list(folder, images):
    return list(images)


def as_generator(folder, images):
    return (image for image in images)


def as_pngs(folder, images):
    return str(write_pngs(folder, images) / "*.png")


def as_folder(folder, images):
    write_pngs(folder, images)
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_text("nor this")
    return folder


def as_paths(folder, images):
    write_pngs(folder, images)
    return [folder / f"frame{index}.png" for index in range(len(images))]


def as_tiffs(folder, images):
    for index, image in enumerate(images):
        tifffile.imwrite(folder / f"{index}.tif", image)
    return folder


def as_tiff_stack(folder, images):
    tifffile.imwrite(folder / "movie.tif", images)
    return folder / "movie.tif"


def as_tiff_pieces(folder, images):
    for piece, part in ((1, images[:5]), (2, images[5:9]), (10, images[9:])):
        tifffile.imwrite(folder / f"movie_{piece}.tif", part, photometric="minisblack")
    return str(folder / "movie_*.tif")


def as_pims(folder, images):
    write_pngs(folder, images)
    return pims.ImageSequence(str(folder / "*.png"))


SOURCES = [
    as_array,
    as_list,
    as_generator,
    as_pngs,
    as_folder,
    as_paths,
    as_tiffs,
    as_tiff_stack,
    as_tiff_pieces,
    as_pims,
]


@pytest.mark.parametrize("make", SOURCES)
def test_the_frames_are_the_images_in_order(make, tmp_path, images):
    with open_frames(make(tmp_path, images)) as frames:
        assert (frames.shape, frames.dtype) == ((24, 32), np.uint8)
        listed = list(frames)
        assert numbers(listed) == list(range(12))
        np.testing.assert_array_equal(pixels(listed), images)


@pytest.mark.parametrize("make", SOURCES)
def test_length_is_told_where_it_is_known(make, tmp_path, images):
    with open_frames(make(tmp_path, images)) as frames:
        if make is as_generator:
            assert frames.length is None
            with pytest.raises(WrongType, match="not known"):
                len(frames)
        else:
            assert len(frames) == 12
            assert len(frames.starting_at(9)) == 3
            assert len(frames.starting_at(50)) == 0


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("start", [0, 1, 7, 12, 99])
def test_a_movie_can_begin_later(make, start, tmp_path, images):
    with open_frames(make(tmp_path, images)) as frames:
        later = list(frames.starting_at(start))
        assert numbers(later) == list(range(start, 12))
        if later:
            np.testing.assert_array_equal(pixels(later), images[start:])


@pytest.mark.parametrize("make", SOURCES)
def test_a_movie_can_be_read_again_unless_it_is_a_generator(make, tmp_path, images):
    with open_frames(make(tmp_path, images)) as frames:
        assert numbers(frames) == list(range(12))
        if make is as_generator:
            with pytest.raises(InvalidArgument, match="once"):
                list(frames)
        else:
            np.testing.assert_array_equal(pixels(frames), images)


@pytest.mark.parametrize("make", SOURCES)
def test_threads_read_the_same(make, tmp_path, images):
    with open_frames(make(tmp_path, images)) as frames:
        read = list(ordered_map(lambda frame: frame.read(), frames, workers=4))
    np.testing.assert_array_equal(np.stack(read), images)


def test_the_real_frames(bulk_water):
    frames = open_frames(bulk_water, gray=0)
    assert len(frames) == 10
    assert (frames.shape, frames.dtype) == ((424, 640), np.uint8)
    stored = iio.imread(bulk_water / "bulk_water_007.png")
    frame = list(frames)[7]
    assert frame.name.endswith("bulk_water_007.png")
    np.testing.assert_array_equal(frame.read(), stored[..., 0])


def test_a_video(tmp_path, images):
    pytest.importorskip("av")
    large = np.repeat(np.repeat(images, 4, 1), 4, 2)
    colour = np.stack([large] * 3, axis=-1)
    iio.imwrite(tmp_path / "movie.mkv", colour, plugin="pyav", codec="ffv1", fps=10)
    with open_frames(tmp_path / "movie.mkv", gray="mean") as frames:
        assert frames.shape == (96, 128)
        assert numbers(frames) == list(range(12))
        assert numbers(frames.starting_at(9)) == [9, 10, 11]
        # By way of yuv, and back.
        assert abs(pixels(frames).astype(int) - large).max() < 4


def test_a_video_without_its_decoder_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "movie.mp4").write_bytes(b"")
    plain_import = builtins.__import__

    def without_av(name, *rest):
        if name == "av":
            raise ImportError(name)
        return plain_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(InvalidArgument, match=r"pip install .longtake\[video\]"):
        open_frames(tmp_path / "movie.mp4")


def test_a_broken_video_is_an_unreadable_one(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "movie.mp4").write_bytes(b"no video at all")
    with pytest.raises(UnreadableFrame, match=r"movie\.mp4"):
        open_frames(tmp_path / "movie.mp4")


def video(file: Path, images: np.ndarray) -> Path:
    """Write a video whose list of images is at its beginning, so that it survives being cut."""
    av = pytest.importorskip("av")
    with av.open(str(file), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width = images.shape[1:3]
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return file


@pytest.mark.parametrize("name", ["movie.mp4", "movie.mov", "movie.avi"])
def test_a_video_that_is_cut_short_does_not_end_as_if_it_were_whole(name, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (12, 96, 128, 3), dtype="uint8")
    file = video(tmp_path / name, noise)
    whole = file.read_bytes()
    assert len(pixels(open_frames(file, gray=0))) == 12
    file.write_bytes(whole[: len(whole) // 2])
    frames = open_frames(file, gray=0)
    readable = []
    for frame in frames:
        try:
            frame.read()
            readable.append(frame.number)
        except UnreadableFrame as error:
            assert f"image {frame.number} of {file} cannot be decoded" in str(error)  # noqa: PT017
            assert "should hold 12 images, and ends after" in str(error)  # noqa: PT017
    assert readable == list(range(len(readable)))
    assert 0 < len(readable) < 12
    # All have their number, also those that are gone: what follows in another piece keeps its own.
    assert numbers(frames) == list(range(12))
    assert numbers(frames.starting_at(11)) == [11]


def test_all_images_of_a_gif_are_read(tmp_path, images):
    pytest.importorskip("av")
    iio.imwrite(tmp_path / "movie.gif", images, plugin="pillow", is_batch=True)
    assert len(pixels(open_frames(tmp_path / "movie.gif", gray=0))) == 12


# -- numbers that the images carry


class Numbered(np.ndarray):
    frame_no: int | None = None


def numbered(images, frame_numbers):
    for image, number in zip(images, frame_numbers, strict=True):
        carrying = image.view(Numbered)
        carrying.frame_no = number
        yield carrying


@pytest.mark.parametrize("kind", [list, iter])
def test_the_number_that_an_image_carries_counts(kind, images):
    carried = [3, 4, 7, 100, 101, 102, 200, 300, 301, 302, 303, 400]
    frames = open_frames(kind(list(numbered(images, carried))))
    assert numbers(frames.starting_at(101)) == carried[4:]


def test_a_pims_slice_keeps_its_numbers(tmp_path, images):
    reader = as_pims(tmp_path, images)
    frames = open_frames(reader[4::2])
    assert numbers(frames) == [4, 6, 8, 10]
    assert numbers(frames.starting_at(7)) == [8, 10]


def test_one_number_twice_running_is_refused(images):
    with pytest.raises(InvalidArgument, match="frame number 0"):
        list(open_frames(list(numbered(images, [0] * 12))))


@pytest.mark.parametrize("number", [1.5, float("nan"), float("inf"), "a", "1", True, [1]])
def test_a_number_must_be_whole(number, images):
    with pytest.raises((WrongType, InvalidArgument), match="frame number that item 1 carries is"):
        list(open_frames(list(numbered(images[:2], [0, number]))))


def test_a_number_must_fit_a_table(images):
    assert numbers(open_frames(list(numbered(images[:2], [0, 2**63 - 1])))) == [0, 2**63 - 1]
    with pytest.raises(InvalidArgument, match="item 1 carries must fit in 64 bits"):
        list(open_frames(list(numbered(images[:2], [0, 2**64]))))


# -- each image once


class Counting:
    """A sequence that counts how often each item was fetched."""

    def __init__(self, items):
        self.items = items
        self.fetched: list[int] = []

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self.fetched.append(index)
        return self.items[index]


def test_opening_and_iterating_fetches_each_item_once(images):
    source = Counting(images)
    np.testing.assert_array_equal(pixels(open_frames(source)), images)
    assert source.fetched == list(range(12))


def test_beginning_later_does_not_read_what_is_before(images):
    source = Counting(images)
    frames = open_frames(source).starting_at(10)
    assert numbers(frames) == [10, 11]
    assert set(source.fetched) <= {0, 10, 11}


def test_a_generator_is_read_no_further_than_asked(images):
    taken = 0

    def generator():
        nonlocal taken
        for image in images:
            taken += 1
            yield image

    frames = iter(open_frames(generator()))
    assert taken == 1
    next(frames)
    assert taken == 1
    next(frames)
    assert taken == 2


def test_changing_an_image_in_place_changes_no_other_reading(tmp_path, images):
    frames = open_frames(as_pngs(tmp_path, images))
    next(iter(frames)).read()[:] = 0
    np.testing.assert_array_equal(next(iter(frames)).read(), images[0])


def test_frames_of_files_can_be_sent_to_another_process(tmp_path, images):
    for source in (as_pngs(tmp_path, images), images):
        for frame in open_frames(source, gray="mean"):
            sent = pickle.loads(pickle.dumps(frame))
            np.testing.assert_array_equal(sent.read(), images[sent.number])


def test_an_open_movie_is_taken_as_it_is(images):
    frames = open_frames(images)
    assert open_frames(frames) is frames
    for other in ({"gray": 0}, {"ndim": 3}):
        with pytest.raises(InvalidArgument, match="opened already"):
            open_frames(frames, **other)


# -- stacks


def test_three_dimensions(tmp_path):
    volumes = np.random.default_rng(1).integers(0, 9, (4, 5, 16, 16), dtype="uint16")
    tifffile.imwrite(tmp_path / "movie.tif", volumes)
    for index, volume in enumerate(volumes):
        (tmp_path / "each").mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / "each" / f"{index}.tif", volume)
    for source in (volumes, tmp_path / "movie.tif", tmp_path / "each"):
        with open_frames(source, ndim=3) as frames:
            assert (frames.shape, len(frames)) == ((5, 16, 16), 4)
            np.testing.assert_array_equal(pixels(frames), volumes)


# -- what goes wrong


def test_no_file_matches(tmp_path, images):
    write_pngs(tmp_path, images)
    with pytest.raises(
        NotFound, match=r"no file matches .*\*\.tif: .* holds 12 files \(12 \.png\)"
    ):
        open_frames(str(tmp_path / "*.tif"))
    with pytest.raises(NotFound, match=r"there is no folder .*nowhere"):
        open_frames(str(tmp_path / "nowhere" / "*.tif"))
    with pytest.raises(NotFound, match=r"there is no file or folder .*movie\.tif"):
        open_frames(tmp_path / "movie.tif")
    with pytest.raises(NotFound, match=r"gone\.png"):
        open_frames([tmp_path / "frame0.png", tmp_path / "gone.png"])


def test_a_folder_without_images(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(NotFound, match=r"no images in .*1 file \(1 \.txt\)"):
        open_frames(tmp_path)


def test_files_of_several_kinds(tmp_path, images):
    write_pngs(tmp_path, images)
    tifffile.imwrite(tmp_path / "other.tif", images[0])
    with pytest.raises(InvalidArgument, match=r"12 \.png, 1 \.tif"):
        open_frames(tmp_path)


def test_what_is_no_image_by_its_name(tmp_path):
    (tmp_path / "table.csv").write_text("1, 2")
    with pytest.raises(InvalidArgument, match=r"table\.csv is no image"):
        open_frames(tmp_path / "table.csv")


@pytest.mark.parametrize("name", ["first.png", "first.tif"])
def test_what_is_no_image_by_its_content(name, tmp_path):
    (tmp_path / name).write_text("1, 2")
    with pytest.raises(UnreadableFrame, match=name):
        open_frames(tmp_path / name)


@pytest.mark.parametrize("source", [None, 7, {}, b"frames", {1, 2}, np.float64(3)])
def test_what_holds_no_images(source):
    with pytest.raises(WrongType, match="cannot get frames from"):
        open_frames(source)


@pytest.mark.parametrize("source", [[], (), np.zeros((0, 4, 4)), iter(())])
def test_a_movie_without_frames(source):
    with pytest.raises(InvalidArgument, match="no frames"):
        open_frames(source)


@pytest.mark.parametrize(
    "wrong", [{"ndim": 4}, {"on_error": "ignore"}, {"gray": "median"}, {"gray": 1.5}]
)
def test_arguments_are_checked_before_anything_is_read(wrong):
    with pytest.raises((InvalidArgument, WrongType)):
        open_frames("no such file", **wrong)


def test_a_damaged_image_is_named_in_its_turn(tmp_path, images):
    write_pngs(tmp_path, images)
    damaged = tmp_path / "frame5.png"
    damaged.write_bytes(damaged.read_bytes()[:200])
    frames = list(open_frames(tmp_path))
    frames[4].read()
    with pytest.raises(UnreadableFrame, match=r"frame 5 \(.*frame5\.png\) cannot be read") as told:
        frames[5].read()
    assert told.value.__cause__ is not None
    np.testing.assert_array_equal(frames[6].read(), images[6])


def test_a_first_image_that_is_damaged_can_be_passed_over(tmp_path, images):
    write_pngs(tmp_path, images)
    (tmp_path / "frame0.png").write_bytes(b"")
    with pytest.raises(UnreadableFrame, match="frame 0"):
        open_frames(tmp_path)
    frames = list(open_frames(tmp_path, on_error="skip"))
    assert numbers(frames) == list(range(12))
    with pytest.raises(UnreadableFrame, match="frame 0"):
        frames[0].read()
    np.testing.assert_array_equal(frames[1].read(), images[1])


def test_a_movie_of_nothing_but_damaged_images(tmp_path):
    for index in range(3):
        (tmp_path / f"{index}.png").write_bytes(b"")
    with pytest.raises(UnreadableFrame, match="frame 0"):
        open_frames(tmp_path, on_error="skip")


@pytest.mark.parametrize(
    "odd", [np.zeros((24, 33), "u1"), np.zeros((24, 32), "u2"), np.zeros((24, 32, 3), "u1")]
)
def test_an_image_of_another_shape_or_type_is_named(odd, images):
    frames = list(open_frames([*images[:3], odd]))
    with pytest.raises(UnreadableFrame, match=r"frame 3 .*all must be alike"):
        frames[3].read()


def test_a_failing_reader_fails_only_for_that_frame(images):
    class Flaky(Counting):
        def __getitem__(self, index):
            if index == 3:
                raise RuntimeError("the disk is tired")
            return super().__getitem__(index)

    frames = list(open_frames(Flaky(images)))
    with pytest.raises(UnreadableFrame, match=r"frame 3 .*the disk is tired"):
        frames[3].read()
    np.testing.assert_array_equal(frames[4].read(), images[4])


def test_an_array_of_objects_is_refused():
    with pytest.raises(WrongType, match="array of numbers"):
        open_frames([object()])


@pytest.mark.parametrize("of", [iter, np.array, lambda paths: map(str, paths)])
def test_paths_come_as_a_list_or_a_pattern(of, tmp_path, images):
    paths = as_paths(tmp_path, images)
    with pytest.raises(WrongType, match="give paths as a list"):
        open_frames(of(paths))
    with pytest.raises(WrongType, match="give paths as a list"):
        open_frames(of([str(path) for path in paths]))


def test_images_and_paths_do_not_mix(tmp_path, images):
    path = as_paths(tmp_path, images)[0]
    with pytest.raises(WrongType, match=r"item 1 of a list of files is no path but a ndarray"):
        open_frames([path, images[1]])
    with pytest.raises(WrongType, match="give paths as a list"):
        list(open_frames([images[0], path]))[1].read()


def test_complex_pixels(images):
    with pytest.raises(WrongType, match=r"complex128.*abs\(\)"):
        open_frames(images.astype(complex))


def test_a_folder_in_a_list_of_files(tmp_path, images):
    paths = as_paths(tmp_path, images)
    with pytest.raises(InvalidArgument, match=r"is a folder, in a list of files"):
        open_frames([paths[0], tmp_path])


def test_a_pattern_in_a_list_of_files(tmp_path, images):
    paths = as_paths(tmp_path, images)
    frames = open_frames([paths[3], str(tmp_path / "frame[12].png"), paths[0]])
    np.testing.assert_array_equal(pixels(frames), images[[3, 1, 2, 0]])


def test_a_folder_named_as_an_image_is_none(tmp_path, images):
    write_pngs(tmp_path, images)
    (tmp_path / "sub.png").mkdir()
    assert len(open_frames(tmp_path)) == 12


def test_a_link_that_leads_nowhere_is_named(tmp_path, images):
    write_pngs(tmp_path, images)
    (tmp_path / "frame12.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(UnreadableFrame, match=r"frame12\.png"):
        list(open_frames(tmp_path))[12].read()


def test_a_closed_stack(tmp_path, images):
    frames = open_frames(as_tiff_stack(tmp_path, images))
    frames.close()
    frames.close()
    with pytest.raises(Closed):
        list(frames.starting_at(1))
