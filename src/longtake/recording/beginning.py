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
from longtake.hdf.plain_file import PlainFile
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
        Replace a recording that is there; the file of another program is not.
    append : bool
        Go on in a recording that is there, complete or left by a crash; not in one that is packed.
        Its streams are in `Recording.data_streams` and so on, and `attributes` are added to its
        own. Where there is no file, one is made.

    Returns
    -------
    Recording
        To be stopped, or used in a ``with``: one whose process ends before that is, to those who
        look later, left by a crash. Nothing that was stored is lost by it.

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
    NotALongtakeFile
        To go on, or to replace: if the file was made by another program.
    DamagedFile
        To go on: if the file contradicts itself.
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
    try:
        LiveFile.open(path).abandon()
    except NotALongtakeFile:
        _require_ours(path)
    except (DamagedFile, FileChangedElsewhere):
        pass
    aside = path.with_name(f".{path.name}.replaced")
    path.rename(aside)
    return aside


def _require_ours(path: Path) -> None:
    """Raise if a file that is not appended to in place is not a packed recording either."""
    if path.stat().st_size == 0:
        return  # a name that was taken in advance
    with suppress(OSError, NotALongtakeFile), PlainFile(path).structure() as h5:
        if "longtake_version" in h5.attrs:
            return
    raise NotALongtakeFile(
        f"{path} was not made by longtake, and is not replaced: remove it yourself, or choose "
        "another name"
    )
