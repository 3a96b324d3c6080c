"""The frames of a camera: each says which it is and when it was taken."""

from __future__ import annotations

import time

import numpy as np

SHAPE = (1024, 1024)
DTYPE = np.dtype("uint8")
FRAME_BYTES = 1024 * 1024
FRAMES_PER_SECOND = 200

_HEAD = 16  # bytes, at a frame's beginning: its number, and when it was taken
_IMAGES = 8


class Camera:
    """Gives frames in a few buffers that it fills in turn, as a camera's driver does."""

    def __init__(self) -> None:
        self._images = _images()

    def frame(self, number: int) -> np.ndarray:
        image = self._images[number % _IMAGES]
        image.reshape(-1)[:_HEAD].view("<i8")[:] = number, time.monotonic_ns()
        return image


class Check:
    """Looks at frames, which must come one after the other."""

    def __init__(self) -> None:
        self._images = _images()
        self._next = 0

    def __call__(self, key: int, frame: np.ndarray) -> int:
        """Give when the frame was taken, or raise AssertionError if it is another."""
        pixels = frame.reshape(-1)
        number, taken_ns = pixels[:_HEAD].view("<i8").tolist()
        assert key == number == self._next, f"frame {number} at {key}, not {self._next}"
        image = self._images[number % _IMAGES].reshape(-1)
        assert np.array_equal(pixels[_HEAD:], image[_HEAD:]), f"frame {number} is another"
        self._next += 1
        return taken_ns


def _images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (_IMAGES, *SHAPE), DTYPE)
