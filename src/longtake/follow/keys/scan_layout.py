"""Which datasets of somebody's file are keys, which says that it is finished, which are data."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, cast

import h5py

from longtake.errors import CannotFollow, NotFound
from longtake.follow.keys.key_follower import KeyFollower

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.follow.keys.live_dataset import FollowedDataset

#: Names under which detectors write keys: NeXus files of beamlines, areaDetector, Odin.
_KEYS = {"key", "keys", "uid", "uniqueid", "unique_id", "unique_keys", "ndarrayuniqueid"}
_FINISHED = {"finished", "scan_finished"}


@dataclass(frozen=True)
class ScanLayout:
    """The datasets of a scan, by their paths in the file.

    Attributes
    ----------
    keys : list of h5py.Dataset
    finished : h5py.Dataset or None
    data : dict of str to h5py.Dataset
    scan_rank : int
    """

    keys: list[h5py.Dataset]
    finished: h5py.Dataset | None
    data: dict[str, h5py.Dataset]
    scan_rank: int


def find_scan(
    h5: h5py.File,
    keys: Sequence[str] = (),
    finished: str | None = None,
    data: Sequence[str] = (),
) -> ScanLayout:
    """Find the datasets of a scan: those that are named, or else what looks like them.

    Keys are integers under one of the names that writers of keys use, or in a group of such a
    name; ``finished`` has one integer. Data is whatever has the dimensions of the scan first, can
    grow as it can, and holds numbers.

    Parameters
    ----------
    h5 : h5py.File
    keys, data : sequence of str
        Paths; none means to look for them.
    finished : str, optional

    Raises
    ------
    NotFound
        If there is no dataset of a name that is given.
    CannotFollow
        If no keys or no data are found, or the keys do not go with each other.
    """
    found = dict(_datasets(h5))
    key_paths = [_path(h5, found, name) for name in keys] or [
        p for p in found if _is_key(p, found[p])
    ]
    if not key_paths:
        integers = [path for path, dataset in found.items() if dataset.dtype.kind in "iu"]
        raise CannotFollow(
            f"no dataset of {h5.filename} is named as keys are: say which it is with --key; it has "
            f"the integers {', '.join(integers[:10]) or '(none)'}"
        )
    key_datasets = [_dataset(h5, found, path) for path in key_paths]
    follower = KeyFollower(cast("list[FollowedDataset]", key_datasets))
    follower.check_datasets()
    finished_paths = [_path(h5, found, finished)] if finished else _finished_in(found)
    others = found.keys() - {*key_paths, *finished_paths}
    data_paths = [_path(h5, found, name) for name in data] or [
        path for path in found if path in others and _is_data(found[path], follower.maxshape)
    ]
    if not data_paths:
        raise CannotFollow(
            f"no dataset of {h5.filename} has the dimensions of the scan, {follower.maxshape}: say "
            "which to record with --data"
        )
    return ScanLayout(
        key_datasets,
        _dataset(h5, found, finished_paths[0]) if finished_paths else None,
        {path: _dataset(h5, found, path) for path in data_paths},
        follower.scan_rank,
    )


def _datasets(h5: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """Give each dataset once, though it may have several names; groups may hold themselves."""
    known: set[Any] = set()
    waiting: list[tuple[str, Any]] = [("", h5)]
    while waiting:
        path, node = waiting.pop()
        if node.id in known:
            continue
        known.add(node.id)
        if isinstance(node, h5py.Group):
            waiting += reversed(
                [(f"{path}/{name}", _member(node, name)) for name in map(str, node)]
            )
        elif isinstance(node, h5py.Dataset) and node.shape is not None:
            yield path, node


def _member(group: h5py.Group, name: str) -> Any:
    """Give a member of a group; the group itself in place of one that is elsewhere."""
    if isinstance(group.get(name, getlink=True), h5py.HardLink):
        with suppress(KeyError):  # HDF5 cannot open it (yet)
            return group[name]
    return group


def _is_key(path: str, dataset: h5py.Dataset) -> bool:
    *_, group, name = f"/{path}".lower().split("/")
    return dataset.dtype.kind in "iu" and (name in _KEYS or group in _KEYS)


def _finished_in(found: dict[str, h5py.Dataset]) -> list[str]:
    return [
        path
        for path, dataset in found.items()
        if path.lower().rsplit("/", 1)[-1] in _FINISHED
        and dataset.dtype.kind in "iu"
        and prod(dataset.shape) <= 1
    ][:1]


def _is_data(dataset: h5py.Dataset, scan: tuple[int | None, ...]) -> bool:
    limits = (dataset.maxshape or ())[: len(scan)]
    return (
        dataset.dtype.kind in "biuf"
        and len(limits) == len(scan)
        # Of one length, whatever becomes of the scan, are calibrations and the like.
        and all(limit in {None, of_scan} for limit, of_scan in zip(limits, scan, strict=True))
    )


def _path(h5: h5py.File, found: dict[str, h5py.Dataset], name: str) -> str:
    """Give the path of a dataset, under whatever name it is known already."""
    if name not in h5:
        raise NotFound(f"{h5.filename} has no dataset {name!r}: `longtake tree` shows those it has")
    named = h5[name]
    return next((path for path in found if found[path] == named), "/" + name.strip("/"))


def _dataset(h5: h5py.File, found: dict[str, h5py.Dataset], path: str) -> h5py.Dataset:
    # One that is open already is not opened again: see `shared_dataset`.
    member = found[path] if path in found else h5[path]
    if not isinstance(member, h5py.Dataset):
        raise CannotFollow(f"{path} of {h5.filename} is a group, not a dataset")
    return member
