"""Filters of chunks that HDF5 does not bring along: lent to it when a dataset has them."""

from __future__ import annotations

from typing import Any

from h5py import h5z  # pyright: ignore[reportAttributeAccessIssue]

from longtake.hdf import lzo_filter


def filter_numbers(plist: Any) -> list[int]:
    """Give the numbers of the filters in a dataset's creation list, in the order of writing."""
    return [plist.get_filter(position)[0] for position in range(plist.get_nfilters())]


def make_readable(plist: Any) -> None:
    """Let HDF5 know the filters of a dataset's creation list that it does not bring along."""
    numbers = filter_numbers(plist)
    if lzo_filter.LZO in numbers:
        lzo_filter.register()
    if not all(h5z.filter_avail(number) for number in numbers):
        import hdf5plugin  # noqa: F401  (it registers them)


def unwritable_filter(plist: Any) -> str | None:
    """Give the name of a filter that chunks cannot be written with, None if there is none."""
    make_readable(plist)
    for position in range(plist.get_nfilters()):
        number, _, _, name = plist.get_filter(position)
        if not _encodes(number):
            return name.decode(errors="replace") or f"filter {number}"
    return None


def _encodes(number: int) -> bool:
    if not h5z.filter_avail(number):
        return False
    return bool(h5z.get_filter_info(number) & h5z.FILTER_CONFIG_ENCODE_ENABLED)
