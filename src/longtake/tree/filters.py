"""Compression and checksums of chunks, by PyTables' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from h5py import h5z  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument, WrongType
from longtake.hdf.foreign_filters import load_filter_plugins
from longtake.whole_number import whole_number

_BLOSC, _BLOSC2 = 32001, 32026
#: As the Bloscs number them.
CODECS = ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
_BLOSCS = {
    f"{library}{codec}": number
    for library, number in (("blosc", _BLOSC), ("blosc2", _BLOSC2))
    for codec in ("", *(f":{codec}" for codec in CODECS))
}
#: PyTables compresses with these too. They are read.
_READ_ONLY = {"lzo": 305, "bzip2": 307}


@dataclass(frozen=True)
class Filters:
    """How the chunks of an array or table are compressed.

    Parameters
    ----------
    complevel : int
        From 0, not at all, to 9.
    complib : str
        ``"zlib"``, which every HDF5 program reads; ``"blosc2"`` or ``"blosc"``, which are many
        times as fast, alone or with a codec (``"blosc2:zstd"``): blosclz, lz4, lz4hc, zlib, zstd.
    shuffle : bool
        Compress the first bytes of all elements, then the second ones, and so on.
    bitshuffle : bool
        Do so bit by bit; for the Bloscs only.
    fletcher32 : bool
        Keep a checksum of each chunk; reading checks it.

    Raises
    ------
    InvalidArgument
        If there is no such library or level.

    Examples
    --------
    >>> Filters(complevel=5, complib="blosc2:zstd").complib
    'blosc2:zstd'
    """

    complevel: int = 0
    complib: str = "zlib"
    shuffle: bool = True
    bitshuffle: bool = False
    fletcher32: bool = False

    def __post_init__(self) -> None:
        whole_number(self.complevel, "complevel", least=0, most=9)
        known = ("zlib", *_BLOSCS, *_READ_ONLY)
        if self.complib not in known:
            raise InvalidArgument(f"complib={self.complib!r}: there are {', '.join(known)}")
        if self.bitshuffle and self.complib not in _BLOSCS:
            raise InvalidArgument("bitshuffle=True is for Blosc: give complib='blosc2'")

    def add_to(self, plist: Any) -> None:
        """Ask for these filters in a dataset's creation list."""
        if self.complevel and self.complib in _READ_ONLY:
            raise InvalidArgument(
                f"complib={self.complib!r} is read, but not written: give 'blosc2:zstd', which is "
                "smaller and many times as fast, or 'zlib'"
            )
        if self.complevel and self.complib in _BLOSCS:
            load_filter_plugins()
            shuffle = 2 if self.bitshuffle else int(self.shuffle)
            codec = CODECS.index(self.complib.partition(":")[2] or "blosclz")
            options = (0, 0, 0, 0, self.complevel, shuffle, codec)
            # Optional: a chunk that cannot be made smaller is stored as it is, not refused.
            plist.set_filter(_BLOSCS[self.complib], h5z.FLAG_OPTIONAL, options)
        elif self.complevel:
            if self.shuffle:
                plist.set_shuffle()
            plist.set_deflate(self.complevel)
        if self.fletcher32:
            plist.set_fletcher32()


def require_filters(filters: object) -> None:
    """Raise unless filters were given, or none."""
    if not isinstance(filters, Filters | None):
        raise WrongType(f"filters are given as Filters(5, 'zlib') or None, not as {filters!r}")


def filters_of(plist: Any) -> Filters:
    """Give the filters in a dataset's creation list, as far as they have names here."""
    found = {}
    for position in range(plist.get_nfilters()):
        number, _, options, _ = plist.get_filter(position)
        found[number] = options
    checked = h5z.FILTER_FLETCHER32 in found
    for library, number in (("blosc", _BLOSC), ("blosc2", _BLOSC2)):
        if number in found:
            level, shuffle, codec = (*found[number], 1, 1, 0)[4:7]
            name = CODECS[codec] if codec < len(CODECS) else CODECS[0]
            return Filters(min(level, 9), f"{library}:{name}", shuffle == 1, shuffle == 2, checked)
    shuffled = h5z.FILTER_SHUFFLE in found
    if h5z.FILTER_DEFLATE in found:
        return Filters(found[h5z.FILTER_DEFLATE][0], "zlib", shuffled, fletcher32=checked)
    for library, number in _READ_ONLY.items():
        if number in found:
            level = (*found[number], 1)[0]
            return Filters(min(max(level, 1), 9), library, shuffled, fletcher32=checked)
    return Filters(0, "zlib", shuffled, fletcher32=checked)
