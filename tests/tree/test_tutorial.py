"""The published PyTables tutorial, cell by cell, with its two import lines changed.

What the tutorial does not bring along is made here: its own table of particles, a netCDF file of a
field in three dimensions, and pictures.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import tables
from PIL import Image

import longtake.tree as tt
from benchmarks.mandelbulb import mandelbulb

DOCUMENT = Path(__file__).parents[3] / "shared/source-documents/pytables-tutorial.txt"
if not DOCUMENT.exists():
    pytest.skip(f"{DOCUMENT} is not here", allow_module_level=True)

CELLS = re.findall(r"```py\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
PTDUMP = "from tables.scripts.ptdump import main; main()"
IMPORTS = {
    "import tables as tt": "import longtake.tree as tt",
    "from tables.nodes import filenode": "from longtake.tree import filenode",
}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cell(beginning: str, number: int = 0) -> str:
    """Give the text of a cell that holds `beginning`, with our imports."""
    text = [text for text in CELLS if beginning in text][number]
    for theirs, ours in IMPORTS.items():
        text = text.replace(theirs, ours)
    return text


def run(text: str, **names: Any) -> tuple[dict[str, Any], str]:
    """Run a cell; give its variables, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "cell", "exec"), names)  # the document's text
    return names, printed.getvalue()


class Particle(tt.IsDescription):
    name = tt.StringCol(16, pos=1)
    idnumber = tt.Int64Col(pos=2)
    ADCcount = tt.UInt16Col(pos=3)
    TDCcount = tt.UInt8Col(pos=4)
    grid_i = tt.Int32Col(pos=5)
    grid_j = tt.Int32Col(pos=6)
    pressure = tt.Float32Col(pos=7)
    energy = tt.Float64Col(pos=8)


def make_particles() -> None:
    with tt.open_file("tutorial1.h5", "w", title="Test file") as h5file:
        group = h5file.create_group("/", "detector", "Detector information")
        table = h5file.create_table(group, "readout", Particle, "Readout example")
        for i in range(10):
            particle = table.row
            particle["name"] = f"Star: {i:6d}"
            particle["TDCcount"] = i % 256
            particle["ADCcount"] = (i * 256) % (1 << 16)
            particle["grid_i"], particle["grid_j"] = i, 10 - i
            particle["pressure"] = float(i * i)
            particle["energy"] = float(particle["pressure"] ** 4)
            particle["idnumber"] = i * (2**34)
            particle.append()


def test_a_catalogue_of_stars():
    _, printed = run(cell("class Star").replace("random.gauss()", "random.gauss(0, 1)"))
    assert "/data/readout (Table(0,)) 'Sample stars'" in printed
    names, printed = run(cell("# 8 columns from Star class").partition("\nabc\n")[0])
    table = names["table"]
    assert table.shape == (10,)
    assert table.colnames == [
        *("name", "ra", "dec", "white", "red", "blue", "parallax", "proper")
    ]  # in the order of the class
    np.testing.assert_array_equal(table.col("parallax"), table.cols.parallax[:])
    assert len(printed.splitlines()) == 10
    names["h5file"].close()
    with tables.open_file("catalogue.h5") as theirs:
        assert theirs.root.data.readout.col("name")[3] == b"Star:      3"
        assert theirs.title == "Stellar catalogue"


def test_selections_and_what_is_made_of_them():
    make_particles()
    h5file = tt.open_file("tutorial1.h5", "a")
    text = cell("# 8 columns from Star class").partition("\nabc\n")[2]
    names, printed = run(
        text.replace("\t", "    "), h5file=h5file, table=h5file.root.detector.readout, np=np
    )
    assert names["pressure"] == [25.0, 36.0, 49.0]
    assert names["names"] == [b"Star:      5", b"Star:      6", b"Star:      7"]
    assert len(printed.splitlines()) == 6 + 3
    names, printed = run(cell("for node in h5file:   # root, 2 groups"))
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines[:6]] == [
        *("/", "/columns", "/detector", "/columns/name", "/columns/pressure", "/detector/readout")
    ]
    assert lines[6:9] == lines[:3]
    assert lines[9:11] == lines[3:5]
    assert lines[11] == "/detector/readout (Table(10,)) 'Readout example'"
    assert "gath_date := 'Wed, 06/12/2003 18:33'" in printed
    assert "temp_scale := 'Celsius'" in printed
    names["h5file"].close()
    with tables.open_file("tutorial1.h5") as theirs:
        table = theirs.root.detector.readout
        assert table.nrows == 15
        assert table[-1]["energy"] == float(14 * 14) ** 4
        assert table.attrs.temperature == 18.4
        assert "gath_date" not in table.attrs
        assert theirs.root.columns.pressure[:].tolist() == [25.0, 2.1, 3.5]
        assert theirs.root.columns.name[:].tolist() == names_of(5, 8)


@pytest.mark.skipif(not shutil.which("h5dump"), reason="HDF5's own tools are not here")
def test_the_command_line_of_hdf5():
    make_particles()
    assert "Star:      7" in output_of("h5dump", "tutorial1.h5")
    listed = output_of("h5ls", "-rd", "tutorial1.h5")
    assert re.search(r"/detector/readout +Dataset \{10/Inf\}", listed)


def output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def names_of(first: int, last: int) -> list[bytes]:
    return [f"Star: {i:6d}".encode() for i in range(first, last)]


THEIR_FIELD = "/Users/razoumov/Documents/training/paraviewWorkshop/data/mandelbulb300.nc"


def make_netcdf(path: Path, values: np.ndarray) -> None:
    with netCDF4.Dataset(path, "w") as dataset:
        for axis, size in zip("zyx", values.shape, strict=True):
            dataset.createDimension(axis, size)
        variable = dataset.createVariable("stability", "f4", tuple("zyx"), zlib=True)
        variable[:] = values


def test_larger_arrays(tmp_path):
    values = mandelbulb(120)
    make_netcdf(tmp_path / "mandelbulb.nc", values)
    text = cell("ds = nc.Dataset").replace(THEIR_FIELD, str(tmp_path / "mandelbulb.nc"))
    names, printed = run(text)
    assert printed.splitlines()[-1] == "(120, 120, 120)"
    made = {"ds": names["ds"], "tt": tt, "np": np}
    run(cell("compress = tt.Filters"), **made)
    names["ds"].close()
    sizes = [Path(name).stat().st_size for name in ("uncompressed.h5", "compressed.h5")]
    assert values.nbytes < sizes[0] < values.nbytes + 10_000
    assert sizes[1] < sizes[0] / 20
    compress = tt.Filters(complib="zlib", complevel=5)
    run(cell("a = np.random.randn(100,100)"), tt=tt, np=np, compress=compress)
    _, printed = run(cell("size_in_memory"))
    assert "/g1/stability (CArray(120, 120, 120), shuffle, zlib(5)) ''" in printed
    with tables.open_file("compressed.h5") as theirs:
        np.testing.assert_array_equal(theirs.root.g1.stability[:], values)
        assert theirs.root.g1.stability.filters.complevel == 5
    listed = output_of(sys.executable, "-c", PTDUMP, "compressed.h5")
    assert [line.split()[0] for line in listed.splitlines()] == [
        "/",
        "/g1",
        "/g1/a",
        "/g1/stability",
    ]
    assert listed.count("zlib(5)") == 2
    run(cell("f1.root.g1.a.remove()"))
    names, _ = run(cell("create_soft_link").replace("f1.close()", ""))
    link = names["f1"].root.stab
    assert isinstance(link, tt.SoftLink)
    assert link.shape == (120, 120, 120)
    np.testing.assert_array_equal(link[:], values)
    names["f1"].close()
    with tables.open_file("compressed.h5") as theirs:
        assert "/g1/a" not in theirs
        assert theirs.root.stab().shape == (120, 120, 120)


def test_files_inside_a_file():
    _, printed = run(cell("fnode = filenode.new_node(f1, where='/', name='text_file')"))
    lines = [b"This is a sample line.\n", b"Write a second line.\n", b"Write a third line.\n"]
    assert printed.splitlines() == ["file", *map(str, lines), "True"]
    _, printed = run(cell("fnode = filenode.open_node(node, 'r')"))
    assert printed.splitlines() == list(map(str, lines))
    _, printed = run(cell("# read and append mode"))
    assert printed.splitlines() == list(map(str, [*lines, b"Write a fourth line.\n"]))

    rng = np.random.default_rng(1)
    for number in range(20):
        Image.fromarray(rng.integers(0, 256, (30, 30, 3), "uint8")).save(f"small{number:02}.png")
    run(cell("from glob import glob"))
    text = cell("image.show()", 1).replace("image.show()", "images.append(image.copy())")
    images: list[Any] = []
    names, printed = run(text, images=images)
    expected = [np.asarray(Image.open(f"small{number:02}.png")) for number in (8, 8)]
    for image, pixels in zip(images, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(image), pixels)
    assert len(printed.splitlines()) == 20
    names["f1"].close()
    names, printed = run(cell("small19.remove()"))
    assert [line.split()[0] for line in printed.splitlines()] == [
        "/tuscany/last_image",
        *(f"/tuscany/small{number:02}" for number in range(18)),
    ]
    names["f1"].close()
