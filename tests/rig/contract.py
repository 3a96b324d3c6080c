"""What holds for the blocks of any source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longtake.rig.block import SPIKE, STIM, Block


@dataclass
class Data:
    """Blocks, end to end."""

    samples: np.ndarray
    spikes: np.ndarray
    stims: np.ndarray


def joined(blocks: list[Block]) -> Data:
    return Data(
        np.concatenate([block.samples for block in blocks]),
        np.concatenate([block.spikes for block in blocks]),
        np.concatenate([block.stims for block in blocks]),
    )


def read_blocks(source, sizes) -> list[Block]:
    """Read blocks of these sizes, and check each."""
    blocks, position = [], source.start
    for size in sizes:
        block = source.read(size)
        assert block.start == position
        assert block.samples.shape == (size, source.channels)
        assert block.samples.dtype == np.int16
        assert (block.spikes.dtype, block.stims.dtype) == (SPIKE, STIM)
        # 75 samples from 25 before; complete in this block and in none before.
        ends = block.spikes["timestamp"] + 50
        assert ((block.start < ends) & (ends <= block.end)).all()
        starts = block.stims["timestamp"]
        assert ((block.start <= starts) & (starts < block.end)).all()
        blocks.append(block)
        position = block.end
    return blocks


def assert_same(one: Data, other: Data) -> None:
    np.testing.assert_array_equal(one.samples, other.samples)
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_array_equal(one.stims, other.stims)
