"""Files of one image each."""

from __future__ import annotations

import struct
import zlib

import imageio.v3 as iio
import numpy as np
import pytest

from longtake.errors import UnreadableFrame
from longtake.frames import open_frames


def png(image: np.ndarray, colour: int) -> bytes:
    """Write a PNG of 16 bits a sample, which Pillow cannot write with channels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    height, width = image.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    pieces = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces)


@pytest.mark.parametrize(("channels", "colour"), [(3, 2), (2, 4), (4, 6)])
def test_channels_of_16_bits_are_refused_and_not_cut(channels, colour, tmp_path):
    image = np.arange(6 * 7 * channels, dtype="u2").reshape(6, 7, channels) * 300
    (tmp_path / "wide.png").write_bytes(png(image, colour))
    with pytest.raises(
        UnreadableFrame, match=r"wide\.png has channels of 16 bits.*save it as TIFF"
    ):
        open_frames(tmp_path, gray=0)


def test_gray_of_16_bits_is_read_whole(tmp_path):
    image = np.arange(42, dtype="u2").reshape(6, 7) * 1500
    (tmp_path / "gray.png").write_bytes(png(image, 0))
    read = next(iter(open_frames(tmp_path))).read()
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, image)


def test_a_png_of_several_images_is_refused(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (3, 6, 7), dtype="uint8")
    iio.imwrite(tmp_path / "several.png", images, plugin="pillow", is_batch=True)
    with pytest.raises(UnreadableFrame, match=r"several\.png holds 3 images"):
        open_frames(tmp_path)


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "0.png").write_bytes(b"")
    with pytest.raises(UnreadableFrame, match=r"0\.png\) cannot be read: the file is empty\. Mend"):
        open_frames(tmp_path)


@pytest.mark.parametrize("content", [b"1, 2", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_told_in_one_sentence(content, tmp_path):
    (tmp_path / "0.png").write_bytes(content)
    with pytest.raises(UnreadableFrame, match=r"[^.]\. Mend or remove it"):
        open_frames(tmp_path)
