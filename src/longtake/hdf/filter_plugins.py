"""Filters that HDF5 does not bring along: those of hdf5plugin, and no others."""

from __future__ import annotations

from functools import cache
from typing import Any

_HDF5S_OWN = 255
#: How HDF5 says that it lacks the code of a filter, or any place to look for it.
_NO_FILTER = ("is not registered", "can't open directory", "can't find plugin")


def make_readable(plist: Any) -> None:
    """Let HDF5 know the filters in a dataset's creation list, if any is not its own."""
    numbers = [plist.get_filter(position)[0] for position in range(plist.get_nfilters())]
    if any(number > _HDF5S_OWN for number in numbers):
        load_filter_plugins()


@cache
def load_filter_plugins() -> None:
    """Register hdf5plugin's filters, which takes a while.

    Some programs tell HDF5 of filters of their own that were built for another HDF5 library, as
    netCDF4 does when it is imported: hdf5plugin leaves these, and writing through them fails.
    """
    import hdf5plugin

    hdf5plugin.register(force=True)


def lacks_filter(error: BaseException) -> bool:
    """Whether HDF5 raised an error because it has no code for a filter."""
    return any(words in str(error) for words in _NO_FILTER)
