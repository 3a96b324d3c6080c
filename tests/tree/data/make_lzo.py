"""Makes lzo.hdf5, the file that tests/tree/test_lzo_files.py reads, and says what is in it.

The PyTables that pip installs cannot write LZO, and Debian's can. So the file is kept here, and is
made anew on a Debian or Ubuntu by::

    apt-get install python3-tables
    /usr/bin/python3 tests/tree/data/make_lzo.py

This file needs nothing besides numpy and PyTables; what is compressed is made by `values`, which
the tests call too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

ROW = np.dtype(
    [("a", "i1"), ("b", "<i8"), ("c", "S5"), ("d", "?"), ("e", "<f4", (2,))]
)  # of an odd size: 23 bytes
#: Of chunks: in rows, which do not come out even.
CHUNKS = {"numbers": 128, "text": 100, "grows": 64, "noise": 800, "far": 20_000, "t": 77}
#: The level, whether bytes are shuffled, whether there are checksums; and what is compressed so.
WAYS = {
    (1, False, False): ("t", "numbers", "far", "text"),
    (1, True, True): ("t", "grows", "noise"),
    (5, True, False): ("t", "numbers", "text"),
    (5, False, True): ("t", "grows", "numbers", "noise"),
}


def noise(count: int) -> np.ndarray:
    """Bytes that cannot be compressed, the same everywhere."""
    return np.frombuffer(hashlib.shake_128(b"longtake").digest(count), np.uint8)


def values() -> dict[str, np.ndarray]:
    """What each array holds, and each table."""
    table = np.zeros(150, ROW)
    number = np.arange(150)
    table["a"], table["b"], table["d"] = number % 100 - 50, number**3, number % 7 == 0
    table["c"] = [b"n%d" % (n % 40) for n in number]
    table["e"] = (number[:, np.newaxis] * [0.5, -2]).astype("f4")
    return {
        "numbers": np.arange(300) ** 2,
        "text": np.array([b"abc%04d" % n for n in range(333)]),
        "grows": np.repeat(np.arange(70) / 4, 6).reshape(140, 3),
        "noise": noise(1201),
        "far": np.concatenate([noise(300), np.zeros(17_000, "u1"), noise(300)]),
        "t": table,
    }


def name(kind: str, way: tuple[int, bool, bool]) -> str:
    """Name what is compressed in a way: at a level, shuffled or not, with checksums or without."""
    level, shuffle, fletcher32 = way
    return f"{kind}_{level}" + "_shuffle" * shuffle + "_fletcher32" * fletcher32


def main() -> None:
    """Write the file."""
    import tables

    path = Path(__file__).with_name("lzo.hdf5")
    with tables.open_file(path, "w") as file:
        for way, kinds in WAYS.items():
            filters = tables.Filters(way[0], "lzo", shuffle=way[1], fletcher32=way[2])
            for kind in kinds:
                array, chunk, label = values()[kind], CHUNKS[kind], name(kind, way)
                how = {"filters": filters, "chunkshape": (chunk, *array.shape[1:])}
                if kind == "t":
                    file.create_table("/", label, ROW, **how).append(array)
                elif kind == "grows":
                    grows = file.create_earray("/", label, tables.Float64Atom(), (0, 3), **how)
                    grows.append(array)
                else:
                    file.create_carray("/", label, obj=array, **how)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
