"""Filters of chunks that HDF5 does not bring along: lent to it when a dataset has them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from h5py import h5z  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf import lzo_filter

_HDF5S_OWN = 255
#: How HDF5 says that it lacks the code of a filter, or any place to look for it.
_NO_FILTER = ("is not registered", "can't open directory", "can't find plugin")


def filter_numbers(plist: Any) -> list[int]:
    """Give the numbers of the filters in a dataset's creation list, in the order of writing."""
    return [plist.get_filter(position)[0] for position in range(plist.get_nfilters())]


def make_readable(plist: Any) -> None:
    """Let HDF5 know the filters of a dataset's creation list that it does not bring along."""
    numbers = filter_numbers(plist)
    if lzo_filter.LZO in numbers:
        lzo_filter.register()
    if any(number > _HDF5S_OWN and number != lzo_filter.LZO for number in numbers):
        load_filter_plugins()


def load_filter_plugins() -> None:
    """Register hdf5plugin's filters; the first time takes a while.

    Some programs tell HDF5 of filters of their own that were built for another HDF5 library, as
    netCDF4 does when it is imported: hdf5plugin leaves these, and writing through them fails, or
    ends the interpreter.
    """
    import hdf5plugin

    for name in _of_others():
        with suppress(RuntimeError):  # an open dataset uses it, which it reads well
            hdf5plugin.register(name, force=True)


def forestall_others() -> None:
    """Register hdf5plugin's filters, before a file is opened, if HDF5 would find those of others.

    While a dataset is open that uses one, it can no longer be replaced.
    """
    if "HDF5_PLUGIN_PATH" in os.environ:
        load_filter_plugins()


def _of_others() -> list[str]:
    """Give the names of hdf5plugin's filters in whose place there is another program's."""
    import hdf5plugin

    known = hdf5plugin.get_config().registered_filters
    return [name for name, place in known.items() if place == "unknown"]


def lacks_filter(error: BaseException) -> bool:
    """Whether HDF5 raised an error because it has no code for a filter."""
    return any(words in str(error) for words in _NO_FILTER)


def unwritable_filter(plist: Any) -> str | None:
    """Give the name of a filter that chunks cannot be written with, None if there is none."""
    make_readable(plist)
    for position in range(plist.get_nfilters()):
        number, _, _, name = plist.get_filter(position)
        if not _encodes(number) or number in _numbers_of_others():
            return name.decode(errors="replace") or f"filter {number}"
    return None


def _numbers_of_others() -> list[int]:
    if "HDF5_PLUGIN_PATH" not in os.environ:
        return []
    import hdf5plugin

    return [hdf5plugin.FILTERS[name] for name in _of_others()]


def _encodes(number: int) -> bool:
    if not h5z.filter_avail(number):
        return False
    return bool(h5z.get_filter_info(number) & h5z.FILTER_CONFIG_ENCODE_ENABLED)
