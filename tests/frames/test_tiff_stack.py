"""TIFF in the ways that it is written: contiguous, page by page, packed, in either byte order."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import tifffile

from longtake.errors import InvalidArgument, UnreadableFrame
from longtake.frames import open_frames
from longtake.pipeline import ordered_map


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 60_000, (9, 24, 32), dtype="uint16")


def write_pages(file, images, **how):
    with tifffile.TiffWriter(file) as tiff:
        for image in images:
            tiff.write(image, metadata=None, contiguous=False, **how)


WAYS = {
    "contiguous": lambda f, a: tifffile.imwrite(f, a),
    "ImageJ": lambda f, a: tifffile.imwrite(f, a, imagej=True),
    "OME": lambda f, a: tifffile.imwrite(f, a, ome=True),
    "BigTIFF": lambda f, a: tifffile.imwrite(f, a, bigtiff=True),
    "big-endian": lambda f, a: tifffile.imwrite(f, a, byteorder=">"),
    "pages": write_pages,
    "strips": lambda f, a: write_pages(f, a, rowsperstrip=5),
    "zlib": lambda f, a: write_pages(f, a, compression="zlib"),
    "zlib, predictor": lambda f, a: write_pages(f, a, compression="zlib", predictor=True),
    "tiles": lambda f, a: write_pages(f, a, tile=(16, 16)),
    "big-endian zlib": lambda f, a: tifffile.imwrite(f, a, byteorder=">", compression="zlib"),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_was_written(way, tmp_path, images):
    WAYS[way](tmp_path / "movie.tif", images)
    with open_frames(tmp_path / "movie.tif") as frames:
        assert len(frames) == 9
        for _ in range(2):
            read = list(ordered_map(lambda frame: frame.read(), frames, workers=4))
            np.testing.assert_array_equal(np.stack(read), images)
            assert all(image.dtype == np.uint16 and image.dtype.isnative for image in read)
        assert [f.number for f in frames.starting_at(6)] == [6, 7, 8]


@pytest.mark.parametrize("way", WAYS)
def test_plain_bytes_are_read_without_a_decoder(way, tmp_path, images, monkeypatch):
    WAYS[way](tmp_path / "movie.tif", images)

    def decode(*_, **__):
        raise AssertionError("decoded")

    plain = "zlib" not in way and "tiles" not in way
    with open_frames(tmp_path / "movie.tif") as frames:
        frame = list(frames)[5]
        monkeypatch.setattr(tifffile.TiffPage, "asarray", decode)
        monkeypatch.setattr(tifffile.TiffFrame, "asarray", decode)
        if plain:
            np.testing.assert_array_equal(frame.read(), images[5])
        else:
            with pytest.raises(UnreadableFrame, match="decoded"):
                frame.read()


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_colour_by_pixel_or_by_plane(planes, compression, tmp_path):
    colour = np.random.default_rng(2).integers(0, 255, (4, 24, 32, 3), dtype="uint8")
    stored = colour if planes == "contig" else np.moveaxis(colour, -1, 1)
    for name, images in (("movie.tif", stored), ("one.tif", stored[0])):
        tifffile.imwrite(
            tmp_path / name,
            images,
            photometric="rgb",
            planarconfig=planes,
            compression=compression,
        )
        with open_frames(tmp_path / name, gray=1) as frames:
            np.testing.assert_array_equal(next(iter(frames)).read(), colour[0, ..., 1])
            assert len(frames) == len(images) if name == "movie.tif" else 1


def test_channels_kept_as_planes_beside_time(tmp_path):
    stored = np.random.default_rng(2).integers(0, 255, (6, 2, 24, 32), dtype="uint8")
    tifffile.imwrite(tmp_path / "movie.tif", stored, imagej=True, metadata={"axes": "TCYX"})
    with pytest.raises(InvalidArgument, match="2 channels"):
        open_frames(tmp_path / "movie.tif")
    with open_frames(tmp_path / "movie.tif", gray=1) as frames:
        read = [frame.read() for frame in frames]
    np.testing.assert_array_equal(read, stored[:, 1])


def test_a_movie_of_stacks_needs_ndim(tmp_path):
    stored = np.zeros((6, 5, 24, 32), "uint8")
    tifffile.imwrite(tmp_path / "movie.tif", stored, imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(InvalidArgument, match=r"6 x 5 x 24 x 32.*as in \(5, 9, 9\).*ndim=3"):
        open_frames(tmp_path / "movie.tif")


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_stacks_of_pages(compression, tmp_path):
    stored = np.random.default_rng(2).integers(0, 255, (3, 5, 24, 32), dtype="uint8")
    tifffile.imwrite(tmp_path / "movie.tif", stored, compression=compression)
    with open_frames(tmp_path / "movie.tif", ndim=3) as frames:
        np.testing.assert_array_equal([frame.read() for frame in frames], stored)


def test_a_page_of_another_shape_is_named(tmp_path):
    write_pages(tmp_path / "movie.tif", [np.zeros((20 + (i == 2), 30), "u1") for i in range(4)])
    with open_frames(tmp_path / "movie.tif") as frames:
        listed = list(frames)
        with pytest.raises(UnreadableFrame, match=r"movie\.tif, image 2.*21 x 30.*20 x 30"):
            listed[2].read()
        listed[3].read()


def test_a_stack_that_ends_early_is_named(tmp_path, images):
    file = tmp_path / "movie.tif"
    tifffile.imwrite(file, images)
    with tifffile.TiffFile(file) as tiff:
        end = tiff.series[0].dataoffset + images.nbytes
    file.write_bytes(file.read_bytes()[: end - 1000])
    with open_frames(file) as frames:
        listed = list(frames)
        listed[7].read()
        with pytest.raises(UnreadableFrame, match=r"frame 8 .*1000 bytes"):
            listed[8].read()


def test_no_file_stays_open_when_one_of_several_is_refused(tmp_path, images):
    tifffile.imwrite(tmp_path / "1.tif", images)
    (tmp_path / "2.tif").write_bytes(b"no TIFF")
    # The files left open would warn, which is an error here.
    with pytest.raises(UnreadableFrame, match=r"2\.tif"):
        open_frames(tmp_path)
    gc.collect()


def test_one_file_among_single_images_that_holds_several(tmp_path, images):
    for index in range(3):
        tifffile.imwrite(tmp_path / f"{index}.tif", images[:2] if index == 1 else images[0])
    frames = list(open_frames(tmp_path))
    with pytest.raises(UnreadableFrame, match=r"1\.tif holds 2 images"):
        frames[1].read()
    frames[2].read()


def test_memory_stays_flat_however_long_the_stack(tmp_path):
    """Frames hold offsets, not pixels; nothing is mapped into memory."""
    tifffile.imwrite(tmp_path / "movie.tif", np.zeros((2000, 64, 64), "u1"))
    with open_frames(tmp_path / "movie.tif") as frames:
        last = None
        for frame in frames:
            image = frame.read()
            assert image.base is None or image.base.nbytes == image.nbytes
            last = frame
        assert last is not None
        assert last.number == 1999
