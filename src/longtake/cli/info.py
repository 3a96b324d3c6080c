"""``longtake info``: what is in a file."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Generator

    import h5py

    from longtake.hdf import GrowingDataset
    from longtake.streams import (
        DataStreamView,
        FrameStreamView,
        RecordStreamView,
        StreamFileView,
        TableStreamView,
    )

    View = DataStreamView | FrameStreamView | RecordStreamView | TableStreamView

#: What a key of each kind of stream is called, and a row of its data, if that is worth telling.
_UNITS = {
    "data_stream": ("entries", "bytes"),
    "frame_stream": ("frames", ""),
    "record_stream": ("frames", "rows"),
    "table": ("entries", "rows"),
}


#: Of the root, what says nothing about the recording.
_OF_THE_FORMAT = {"CLASS", "TITLE", "VERSION", "PYTABLES_FORMAT_VERSION", "application"}
#: What is for programs rather than people.
_UNTOLD = {"attributes", "created_localtime", "ended_localtime", "file_uuid", "longtake_version"}
_ENDS = {"aborted": ", not finished", "recovered": ", put right after a crash"}


def info(
    file: Annotated[Path, typer.Argument(help="An HDF5 file.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is in a file, and whether it is whole, being written, or left by a crash."""
    found = describe(file)
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=str))
        return
    recording = found.get("recording", {})
    end = _ENDS.get(recording.get("state"), "") if found["state"] == "closed" else ""
    typer.echo(
        f"{found['path']}: {found['state']}{end}, {_size(found['bytes'])}, "
        f"{_size(found['bytes_on_disk'])} on disk"
    )
    for name, value in recording.items():
        if name not in _UNTOLD | {"state"}:
            typer.echo(f"  {name} = {value!r}")
    for name, value in recording.get("attributes", {}).items():
        typer.echo(f"  {name} = {value!r}")
    for stream in found["streams"]:
        if "error" in stream:
            typer.echo(f"  {stream['name']}: damaged: {stream['error']}")
            continue
        span = f", {stream['first']} to {stream['last']}" if stream["keys"] else ""
        unit = _UNITS[stream["kind"]]
        rows = f", {stream['rows']} {unit[1]}" if unit[1] else ""
        typer.echo(f"  {stream['name']}: {stream['keys']} {unit[0]}{span}{rows}")
        for name, dtype in stream["columns"].items():
            typer.echo(f"    {name:<12} {dtype}")
        for name, value in stream["attributes"].items():
            typer.echo(f"    {name} = {value!r}")
        if "attribute_error" in stream:
            typer.echo(f"    attributes that cannot be read: {stream['attribute_error']}")
    for part, error in found["damaged"].items():
        typer.echo(f"  {part}: damaged: {error}")
    for store in found["stores"]:
        count = "" if store["frames"] is None else f": {store['frames']} frames"
        typer.echo(f"  {store['layout']}{count}")
    if "groups" in found and not found["stores"]:
        typer.echo(f"  {found['groups']} groups, {found['datasets']} datasets")
    if "groups" not in found and not found["streams"] and not found["damaged"]:
        typer.echo("  no streams yet")


def describe(path: Path) -> dict[str, Any]:
    """Give what `info` tells.

    A stream that cannot be read has an ``error`` in place of what there is to tell of it; other
    parts of the file that cannot be read are in ``damaged``.

    Raises
    ------
    NotFound
        If there is no such file.
    NotALongtakeFile
        If it is not an HDF5 file.
    DamagedFile
        If it is one, and HDF5 cannot make sense of it.
    FileInUse
        If another program than longtake is writing it.
    """
    from longtake.errors import NotALongtakeFile, NotFound
    from longtake.streams import StreamFileView

    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    status = path.stat()
    found: dict[str, Any] = {
        "path": str(path),
        "state": "closed",
        "bytes": status.st_size,
        "bytes_on_disk": status.st_blocks * 512,
        "streams": [],
        "damaged": {},
        "stores": [],
    }
    try:
        with _damage_told(path), StreamFileView(path) as view:
            if view.is_being_written:
                found["state"] = "being written"
            elif not view.was_closed:
                found["state"] = "left by a crash, whole up to there"
            found["recording"] = _recording(view)
            found["streams"] = [_described(kind, stream) for kind, stream in view.streams]
            found["damaged"] = _damaged(view)
            return found
    except NotALongtakeFile:
        pass
    with _opened_foreign(path) as h5, _damage_told(path):
        return found | _describe_foreign(h5)


def _recording(view: StreamFileView) -> dict[str, Any]:
    """Give what the root of the file says of a recording, and what its user gave it."""
    from longtake.errors import LongtakeError
    from longtake.tree import File

    with view.structure() as h5, File(h5) as file:
        attributes = file.root.attrs
        told: dict[str, Any] = {}
        for name in set(attributes) - _OF_THE_FORMAT:
            try:
                value: Any = attributes[name]
            except LongtakeError as error:
                value = f"not readable: {error}"
            told[name] = value.tolist() if hasattr(value, "tolist") else value
    return {**dict(sorted(told.items())), "attributes": view.application}


@contextmanager
def _damage_told(path: Path) -> Generator[None]:
    """Turn what h5py raises where HDF5 cannot make sense of a file into one sentence about it."""
    from longtake.errors import DamagedFile, LongtakeError

    try:
        yield
    except LongtakeError as error:
        if not isinstance(error, DamagedFile) or str(path) in str(error):
            raise
        raise DamagedFile(f"{path}: {error}") from error
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the system's, not HDF5's
        raise DamagedFile(
            f"{path} cannot be read ({error}): it is damaged, or was cut short in a copy"
        ) from error


def _opened_foreign(path: Path) -> h5py.File:
    import h5py

    from longtake.errors import NotALongtakeFile
    from longtake.hdf.writer_of_other import in_use_or_left

    try:
        return h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise in_use_or_left(path, error) or NotALongtakeFile(
            f"{path} cannot be opened as an HDF5 file: {error}"
        ) from error


def _damaged(view: StreamFileView) -> dict[str, str]:
    """Give what cannot be read besides streams, and why."""
    streams = {stream.group for _, stream in view.streams}
    damaged = {part: str(e) for part, e in view.damaged.items() if part not in streams}
    if view.attribute_error not in {None, *view.damaged.values()}:
        damaged["/"] = str(view.attribute_error)
    return damaged


def _described(kind: str, stream: View) -> dict[str, Any]:
    from longtake.errors import LongtakeError

    try:
        return _describe(stream)
    except LongtakeError as error:
        return {"name": stream.name, "kind": kind, "error": str(error)}


def _describe(stream: View) -> dict[str, Any]:
    keys = stream.keys()
    unreadable = stream.attribute_error
    index = stream.sets[0].index
    columns = [dataset for columns in stream.sets for dataset in columns.columns.values()]
    names = [dataset.path.rpartition("/")[2] for dataset in columns]
    return {
        "name": stream.name,
        "kind": "table" if hasattr(stream, "row_shape") else index.path.split("/")[1],
        "keys": len(keys),
        "first": keys[0] if keys else None,
        "last": keys[-1] if keys else None,
        "rows": columns[0].rows if columns else 0,
        "columns": {name: _type(dataset) for name, dataset in zip(names, columns, strict=True)},
        "attributes": stream.application,
    } | ({} if unreadable is None else {"attribute_error": str(unreadable)})


def _type(dataset: GrowingDataset) -> str:
    shape = f" of {' x '.join(map(str, dataset.row_shape))}" if dataset.row_shape else ""
    return f"{dataset.dtype}{shape}"


def _describe_foreign(h5: Any) -> dict[str, Any]:
    import h5py

    from longtake.framewise.pandas_layout import layout_of

    found = layout_of(h5)
    stores = [{"layout": found[0], "frames": found[1]}] if found else []
    kinds = {"groups": 0, "datasets": 0}

    def count(_: str, node: object) -> None:
        kinds["datasets" if isinstance(node, h5py.Dataset) else "groups"] += 1

    h5.visititems(count)
    return {"state": "an HDF5 file without a recording", "stores": stores, **kinds}


def _size(count: int) -> str:
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
