"""Going on in a recording that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, LongtakeError, NotALongtakeFile
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.attribute_log import copied

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake.hdf.live_file import Durability


def open_again(
    path: Path, attributes: Mapping[str, object] | None, durability: Durability
) -> StreamFile:
    """Open a recording to append to it, with these attributes set besides.

    Raises
    ------
    InvalidArgument
        If nothing can be appended to it, for it is packed, or of another program.
    NotALongtakeFile, DamagedFile, FileInUse
        If it is no recording, or cannot be read; or another process is writing it.
    """
    given = None if attributes is None else copied(attributes)
    try:
        file = StreamFile.open(path, durability=durability)
    except NotALongtakeFile as error:
        raise _refusal(path, error) from error
    try:
        if given is not None:
            file.update_attributes(given)
    except BaseException:
        file.close()
        raise
    return file


def _refusal(path: Path, error: NotALongtakeFile) -> LongtakeError:
    """Say why nothing can be appended to a recording, if it is one."""
    try:
        with StreamFileView(path) as view, view.structure() as h5:
            is_ours = "longtake_version" in h5.attrs
    except LongtakeError:
        return error
    if is_ours:
        return InvalidArgument(
            f"{path} is packed: its data are compressed, and nothing can be appended to it; go on "
            "in the recording that it was packed from, or record to a new file"
        )
    return InvalidArgument(
        f"{path} was recorded by another program, whose files are only read here: record to a new "
        "file"
    )
