"""Reads files with VTK's readers, which are ParaView's; whatever they complain of is an error."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Shown:
    """A grid at one time: arrays by name, z, y, x; where it is, in VTK's order x, y, z."""

    time: float | None
    arrays: dict[str, np.ndarray]
    origin: tuple[float, ...]
    spacing: tuple[float, ...]


def read(path: Path) -> list[Shown]:
    """Give what is shown of an XDMF file, or an HDF5 file, at each of its times."""
    if path.suffix == ".xmf":
        from vtkmodules.vtkIOXdmf2 import vtkXdmfReader as Reader
    else:
        from vtkmodules.vtkIOHDF import vtkHDFReader as Reader
    with _complaints() as complaints:
        reader = Reader()
        reader.SetFileName(str(path))
        assert reader.CanReadFile(str(path))
        shown = list(_all(reader))
    assert not complaints, b"".join(complaints).decode(errors="replace")
    return shown


def _all(reader):
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as Pipeline

    reader.UpdateInformation()
    for time in reader.GetOutputInformation(0).Get(Pipeline.TIME_STEPS()) or [None]:
        reader.Update() if time is None else reader.UpdateTimeStep(time)
        yield _shown(reader.GetOutputDataObject(0), time)


def _shown(image, time):
    from vtkmodules.util.numpy_support import vtk_to_numpy

    assert image.IsA("vtkImageData")
    assert image.GetExtent()[::2] == (0, 0, 0)
    sides, points = image.GetDimensions(), image.GetPointData()
    found = [points.GetArray(number) for number in range(points.GetNumberOfArrays())]
    arrays = {a.GetName(): vtk_to_numpy(a).reshape(sides[::-1]).copy() for a in found}
    return Shown(time, arrays, image.GetOrigin(), image.GetSpacing())


@contextmanager
def _complaints():
    """Give what is written to the process's standard error meanwhile, when it is over."""
    said: list[bytes] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.extend(line for line in file if line.strip())


def main() -> None:
    """Print the sum of each array of a file: for tests of what a new process finds."""
    for shown in read(Path(sys.argv[1])):
        print(shown.time, {name: float(array.sum()) for name, array in shown.arrays.items()})


if __name__ == "__main__":
    main()
