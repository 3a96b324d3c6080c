"""The file of a session's recording: what it is called, and what its root says."""

from __future__ import annotations

import datetime
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, NoPermission, NotFound, WriteFailed, WrongType
from longtake.streams import StreamFile
from longtake.streams.attribute_log import copied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.errors import LongtakeError
    from longtake.rig.source import Source

_FILE_FORMAT = {"version": "longtake", "stim_and_spike_timestamps_relative_to_start": True}


def create(
    folder: str | os.PathLike[str],
    suffix: str,
    source: Source,
    start: int,
    attributes: Mapping[str, object] | None,
) -> StreamFile:
    """Make the file, and its folder if that is not there; its name begins with the time.

    Raises
    ------
    InvalidArgument, WrongType
        If the suffix or an attribute cannot be stored, or the folder is no path; nothing is made
        then.
    NotFound, NoPermission, WriteFailed
        If the folder is none, or cannot be made, or takes no file.
    """
    name, root = _named(suffix), _root(source, start, attributes)
    where = _made(folder)
    return StreamFile.create(where / name, root)


def _root(source: Source, start: int, attributes: Mapping[str, object] | None) -> dict[str, object]:
    given = copied(attributes)
    rate = source.frames_per_second
    return {
        "state": "recording",
        "application": given,
        "hostname": socket.gethostname(),
        "channel_count": source.channels,
        "sampling_frequency": rate,
        "frames_per_second": rate,
        "uV_per_sample_unit": source.uv_per_sample_unit,
        "start_timestamp": start,
        "file_format": _FILE_FORMAT,
    }


def _named(suffix: str) -> str:
    if not isinstance(suffix, str):
        raise WrongType(f"file_suffix is text, the end of a file's name, not {suffix!r}")
    if "/" in suffix or not _is_a_name(suffix):
        raise InvalidArgument(f"file_suffix={suffix!r} cannot be a part of a file's name")
    now = datetime.datetime.now().astimezone()
    offset = now.strftime("%z")
    moment = f"{now:%Y-%m-%d_%H-%M-%S}.{now.microsecond // 1000:03d}{offset[:3]}-{offset[3:]}"
    return f"{moment}_{suffix}.h5"


def _is_a_name(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _made(folder: str | os.PathLike[str]) -> Path:
    """Give a folder, which is made if it is not there."""
    if not isinstance(folder, (str, os.PathLike)):
        raise WrongType(f"file_location is the path of a folder, not {folder!r}")
    if not _is_a_name(str(folder)):
        raise InvalidArgument(f"file_location={folder!r} cannot be the path of a folder")
    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(where, error) from error
    return where


def _refusal(where: Path, error: OSError) -> LongtakeError:
    reason = f"the folder {where} cannot be made ({error.strerror})"
    if isinstance(error, PermissionError):
        return NoPermission(error.errno, f"{reason}: choose another, or get permission to")
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return NotFound(error.errno, f"{reason}, for a file is in the way: choose another place")
    return WriteFailed(error.errno, f"{reason}: choose another place, or make room")
