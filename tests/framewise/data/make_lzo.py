"""Makes lzo.hdf5, a single-node store as trackpy writes it, compressed with LZO.

The PyTables that pip installs cannot write LZO, and Debian's can. So the file is kept here, and is
made anew on a Debian or Ubuntu by::

    apt-get install python3-tables python3-pandas
    /usr/bin/python3 tests/framewise/data/make_lzo.py

This file needs nothing besides numpy, Pandas and PyTables.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FRAMES = range(3)


def table(frame_no: int) -> pd.DataFrame:
    """A frame's table."""
    number = np.arange(40)
    return pd.DataFrame(
        {"y": number / 2, "x": number % 7 * 1.5, "mass": 3.0 * frame_no, "frame": frame_no}
    )


def main() -> None:
    """Write the file."""
    path = Path(__file__).with_name("lzo.hdf5")
    with pd.HDFStore(path, "w", complevel=5, complib="lzo") as store:
        for frame_no in FRAMES:
            store.append("FrameData", table(frame_no), data_columns=True, index=False)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
