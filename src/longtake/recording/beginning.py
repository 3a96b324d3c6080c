"""Beginning a recording, or going on in one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    FileChangedElsewhere,
    InvalidArgument,
    NotALongtakeFile,
)
from longtake.hdf import LiveFile
from longtake.recording.going_on import open_again
from longtake.recording.recording import Recording
from longtake.streams import StreamFile
from longtake.streams.attribute_log import copied

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from longtake.hdf.live_file import Durability


def record(
    path: str | os.PathLike[str],
    attributes: Mapping[str, object] | None = None,
    *,
    durability: Durability = "process",
    overwrite: bool = False,
    append: bool = False,
) -> Recording:
    """Begin a recording; what is appended to its streams is on disk when `append` returns.

    Parameters
    ----------
    path : str or path
        The file to make; its folder must be there.
    attributes : mapping, optional
        Plain values to keep with the recording.
    durability : {"process", "interval", "entry"}
        What an entry survives: the end of this process, however it ends; also a power cut a
        second later; or a power cut at once (each append then waits for the disk).
    overwrite : bool
        Replace a file that is there.
    append : bool
        Go on in a recording that is there, complete or left by a crash; not in one that is packed.

    Returns
    -------
    Recording

    Raises
    ------
    AlreadyExists
        If the file exists, and neither was asked for; or what is to be replaced is no file.
    InvalidArgument, WrongType
        If an argument cannot be used; or to go on in a file that is packed, or that another
        program recorded.
    FileInUse
        If another process, which is named, is writing the file.
    NotFound, NoPermission
        If there is no such folder, or the system does not let us write there.
    NotALongtakeFile, DamagedFile
        To go on: if the file is no recording, or contradicts itself.
    WriteFailed
        If the disk is full or broken.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with record(path, attributes={"operator": "J"}) as recording:
    ...     game = recording.create_data_stream("game")
    ...     game.append(1, {"ball": [0.5, 0.5]})
    >>> recording.open().data_streams.game[1]
    {'ball': [0.5, 0.5]}
    """
    target = Path(path)
    if overwrite and append:
        raise InvalidArgument("overwrite=True and append=True: ask for one of them")
    if append and target.exists():
        return Recording(open_again(target, attributes, durability))
    if target.exists() and not overwrite:
        raise AlreadyExists(
            f"{target} exists: choose another name, or give overwrite=True, or append=True to go "
            "on in it"
        )
    root = {"state": "recording", "application": copied(attributes)}
    aside = _set_aside(target) if target.exists() else None
    try:
        made = Recording(StreamFile.create(target, root, durability=durability))
    except BaseException:
        if aside is not None:
            aside.rename(target)
        raise
    if aside is not None:
        aside.unlink()
    return made


def _set_aside(path: Path) -> Path:
    """Give a file that is to be replaced another name, once nobody writes it."""
    if not path.is_file():
        raise AlreadyExists(f"{path} is not a file, and is not replaced: choose another name")
    with suppress(NotALongtakeFile, DamagedFile, FileChangedElsewhere):
        LiveFile.open(path).abandon()
    aside = path.with_name(f".{path.name}.replaced")
    path.rename(aside)
    return aside
