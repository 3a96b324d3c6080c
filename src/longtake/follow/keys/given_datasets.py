"""Datasets as they are given to be followed: several in a list, or each under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from longtake.errors import CannotFollow, WrongType

if TYPE_CHECKING:
    from longtake.follow.keys.live_dataset import FollowedDataset


def listed(datasets: object, argument: str) -> list[FollowedDataset]:
    """Give datasets as a list.

    Raises
    ------
    WrongType
        If they are none, or one that is not in a list: its values are no datasets.
    """
    if hasattr(datasets, "shape") or not hasattr(datasets, "__iter__"):
        raise WrongType(f"{argument} is a list of datasets, as [file['key']], not {datasets!r}")
    return list(datasets)  # pyright: ignore[reportArgumentType]


def require_named(datasets: object, argument: str) -> None:
    """Raise `WrongType` if datasets are not given by names."""
    if not isinstance(datasets, Mapping):
        raise WrongType(
            f"{argument} is datasets by name, as {{'camera': file['camera']}}, not {datasets!r}"
        )


def require_of_scan(
    name: str, limits: tuple[int | None, ...], scan: tuple[int | None, ...]
) -> None:
    """Raise `CannotFollow` if frames cannot be found in a dataset by their numbers in the scan.

    The first dimension may be another: a frame's number says the same in both.

    Parameters
    ----------
    name : str
    limits, scan : tuple of (int or None)
        The greatest shapes of the dataset and of its scan.
    """
    if any(_differ(own, whole) for own, whole in zip(limits[1:], scan[1:], strict=False)):
        raise CannotFollow(
            f"{name} is not of the scan of its keys, for its first dimensions are "
            f"{limits[: len(scan)]} and the scan's are {scan}: follow it with keys of its own"
        )


def _differ(own: int | None, whole: int | None) -> bool:
    return own is not None and whole is not None and own != whole


def require_stack(scan_rank: int, name: str) -> None:
    """Raise `CannotFollow` if datasets that are interleaved are not of a stack."""
    if scan_rank > 1:
        raise CannotFollow(
            f"{name!r} is interleaved, which only a stack of frames can be: its keys are of a scan "
            f"of {scan_rank} dimensions"
        )
