"""Which files a name stands for: one file, a folder, or a pattern."""

from __future__ import annotations

import glob
import re
from collections import Counter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, NotFound, WrongType

if TYPE_CHECKING:
    from collections.abc import Iterable

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})
STACKS = frozenset({".tif", ".tiff", ".btf", ".lsm", ".stk"})
VIDEOS = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".gif"}
)
_KINDS = (IMAGES, STACKS, VIDEOS)


def find_files(name: str | Path) -> list[Path]:
    """Find the files that a path or a pattern stands for, in natural order.

    Natural order puts frame2 before frame10. A folder stands for the images directly in it.

    Raises
    ------
    NotFound
        If there is none, with what is there instead.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return [path]
    if not glob.has_magic(str(path)):
        raise NotFound(f"there is no file or folder {path}{_instead(path.parent)}")
    # Path.glob takes no absolute patterns.
    found = [Path(match) for match in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    files = sorted(filter(Path.is_file, found), key=natural_order)
    if not files:
        raise NotFound(f"no file matches {path}{_instead(path.parent)}")
    return files


def find_listed(names: Iterable[str | PathLike[str]]) -> list[Path]:
    """Find the files of a list of paths and patterns, in the order given.

    Raises
    ------
    NotFound
        If one of them stands for no file.
    InvalidArgument
        If one of them is a folder, whose place among the others nobody has said.
    """
    files: list[Path] = []
    for index, name in enumerate(names):
        if not isinstance(name, str | PathLike):
            raise WrongType(
                f"item {index} of a list of files is no path but a {type(name).__name__}: "
                "give either files or images"
            )
        path = Path(name).expanduser()
        if path.is_dir():
            raise InvalidArgument(
                f"{path} is a folder, in a list of files: give the folder alone, "
                f"or its images, as in '{path / '*.png'}'"
            )
        files += find_files(path)
    return files


def natural_order(path: Path) -> list[tuple[str, int | str]]:
    """Give a sort key that reads the digits in a path as numbers.

    Examples
    --------
    >>> sorted([Path("run/a10.png"), Path("run/a9.png")], key=natural_order)[0].name
    'a9.png'
    """
    pieces = re.split(r"(\d+)", str(path))
    key: list[tuple[str, int | str]] = [
        ("0", int(piece)) if piece.isdecimal() else ("1", piece) for piece in pieces if piece
    ]
    return [*key, ("2", str(path))]  # a01 and a1 differ too


def kind_of(files: list[Path]) -> frozenset[str]:
    """Tell whether files are images, stacks or videos; they must all be of one kind.

    Raises
    ------
    InvalidArgument
        If they are of several kinds, or of none that longtake reads.
    """
    for file in files:
        if file.suffix.lower() not in frozenset().union(*_KINDS):
            known = " ".join(sorted(frozenset().union(*_KINDS)))
            raise InvalidArgument(
                f"{file} is no image that longtake reads, by its name; it reads {known}, "
                "and arrays or generators of images from any other reader"
            )
    for kind in _KINDS:
        if all(file.suffix.lower() in kind for file in files):
            return kind
    raise InvalidArgument(
        f"the files are of several kinds ({_count(files)}): "
        "name those of one kind, such as 'folder/*.png'"
    )


def _in_folder(folder: Path) -> list[Path]:
    wanted = IMAGES | STACKS
    named = (e for e in folder.iterdir() if e.suffix.lower() in wanted and e.name[0] != ".")
    # A link that leads nowhere stays, to be named in its turn.
    files = sorted((entry for entry in named if not entry.is_dir()), key=natural_order)
    if not files:
        raise NotFound(f"there are no images in {folder}{_instead(folder)}")
    return files


def _instead(folder: Path) -> str:
    while glob.has_magic(str(folder)):
        folder = folder.parent
    if not folder.is_dir():
        return f": there is no folder {folder}"
    return f": the folder {folder} holds {_count(list(folder.iterdir()))}"


def _count(files: list[Path]) -> str:
    if not files:
        return "nothing"
    suffixes = Counter(file.suffix or "without suffix" for file in files)
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(4))
    return f"{len(files)} file{'s' * (len(files) > 1)} ({kinds})"
