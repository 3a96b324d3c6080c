"""A few bytes cannot be a billion rows."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import DamagedFile
from longtake.hdf import GrowingDataset
from longtake.hdf.plain_file import StoredDataset
from longtake.hdf.raw_file import RawFile
from longtake.streams.columns import index_dtype
from longtake.streams.plausible import require_plausible_data, require_plausible_index

INDEX = index_dtype("timestamp")


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(bytes(100_000))
    made = RawFile.reading(path)
    yield made
    made.close()


@pytest.mark.parametrize("codec", ["gzip", "lzf", None])
def test_what_compresses_best_is_still_plausible(tmp_path, codec):
    """Frames at regular times without checksums, of which every pixel is dark."""
    rows = np.zeros(2_500_000, INDEX)
    rows["timestamp"] = rows["start_index"] = np.arange(len(rows))
    rows["end_index"], rows["checksum"] = rows["start_index"] + 1, 1
    path = tmp_path / "a.h5"
    options = {"compression": codec, "shuffle": True} if codec else {}
    with h5py.File(path, "w") as h5:
        h5.create_dataset("index", data=rows, chunks=(200_000,), **options)
        h5.create_dataset("data", data=np.zeros((100, 1000, 1000), "u1"), chunks=True, **options)
        h5.create_dataset("end to end", data=rows)
    raw = RawFile.reading(path)
    with h5py.File(path) as h5:
        require_plausible_index(StoredDataset(raw, h5["index"]))
        require_plausible_index(StoredDataset(raw, h5["end to end"]))
        require_plausible_data(StoredDataset(raw, h5["data"]))
    raw.close()


def test_rows_that_were_never_written(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as h5:
        h5.create_dataset("few", (1000,), INDEX, chunks=(1000,))
        h5.create_dataset("many", (10**11,), INDEX, chunks=(1000,))
        h5["many"][5] = np.zeros((), INDEX)
    raw = RawFile.reading(path)
    with h5py.File(path) as h5:
        require_plausible_index(StoredDataset(raw, h5["few"]))
        for require in (require_plausible_index, require_plausible_data):
            with pytest.raises(DamagedFile, match="/many claims 100000000000 rows of 32 bytes"):
                require(StoredDataset(raw, h5["many"]))
    raw.close()


def test_chunks_that_are_one_place_in_the_file(raw):
    chunk = 65_536
    for offset, is_right in ((32 * chunk, True), (0, False), (32 * chunk - 32, False)):
        dataset = GrowingDataset(raw, "/s/index", INDEX, (), chunk)
        dataset.extend([4096 + offset * i for i in reversed(range(40))], 40 * chunk)
        if is_right:
            require_plausible_index(dataset)
        else:
            with pytest.raises(DamagedFile, match="/s/index has chunks that lie over each other"):
                require_plausible_index(dataset)
