"""Filters, also where another program tells HDF5 of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

WRITE = """
import sys
for name in sys.argv[2:]:
    __import__(name)
import numpy as np
import longtake.tree as tt

with tt.open_file(sys.argv[1], "w") as file:
    for number, library in enumerate(("blosc:lz4", "blosc2:zstd")):
        file.create_carray("/", f"a{number}", obj=np.arange(20_000), filters=tt.Filters(4, library))
with tt.open_file(sys.argv[1]) as file:
    print([int(file.root[name][-1]) for name in ("a0", "a1")])
"""


@pytest.mark.parametrize("others", [[], ["netCDF4"], ["netCDF4", "tables"], ["tables", "netCDF4"]])
def test_filters_of_other_programs_are_not_taken(tmp_path, others):
    done = subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path / "a.h5", *others],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[19999, 19999]\n", "")


WRITE_INTO = """
import sys
for name in sys.argv[2:]:
    __import__(name)
import h5py, numpy as np, tables
import longtake.tree as tt

with tables.open_file(sys.argv[1], "w") as file:
    filters = tables.Filters(9, "blosc:lz4hc", fletcher32=True)
    file.create_earray("/", "a", obj=np.arange(20_000), chunkshape=(500,), filters=filters)
with tt.open_file(sys.argv[1], "a") as file:
    file.root.a.append(np.arange(3))
    import hdf5plugin

    assert "unknown" not in hdf5plugin.get_config().registered_filters.values()
with tables.open_file(sys.argv[1]) as file:
    print(file.root.a[-4:].tolist())
"""


@pytest.mark.parametrize("others", [[], ["netCDF4"]])
def test_what_pytables_compressed_is_written_into(tmp_path, others):
    done = subprocess.run(
        [sys.executable, "-c", WRITE_INTO, tmp_path / "a.h5", *others],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[19999, 0, 1, 2]\n", "")
