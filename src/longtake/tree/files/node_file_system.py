"""The files in an HDF5 file as a file system of fsspec: what reads from URLs reads from it.

``pandas.read_csv("longtake://file.h5::/tables/a.csv")``. Of an URL with ``::``, fsspec hands the
first part to its file system, and the second as `fo`, which is what a zip file's name would be;
here it is the path in the HDF5 file that comes second.
"""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
from fsspec.spec import AbstractFileSystem, make_instance
from fsspec.utils import stringify_path, tokenize

from longtake.errors import (
    AlreadyExists,
    FileChangedElsewhere,
    InvalidArgument,
    NotFound,
    WrongType,
)
from longtake.tree.files.brief_opening import briefly_open
from longtake.tree.files.file_system_errors import FolderNotEmpty, IsFolder, IsNoFolder
from longtake.tree.files.known_index import KnownIndex
from longtake.tree.files.node_file import kind_of
from longtake.tree.files.node_file_io import BlockReader, ContentReader, ContentWriter
from longtake.tree.files.places import NodePlace, place_at, walked
from longtake.tree.files.storing import make_folder, rename, require_names, store

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from longtake.tree.file import File
    from longtake.tree.files.places import Place

_PREFIX = "longtake://"
#: A file up to here is read as a whole when it is opened.
_WHOLE = 4 * 1024 * 1024


class NodeFileSystem(AbstractFileSystem):
    """The files in an HDF5 file, as fsspec has file systems.

    Parameters
    ----------
    h5 : str or path
        The HDF5 file; writing makes it if it is not there.
    fo : str, optional
        The path in it that an empty path stands for: of an URL
        ``longtake://file.h5::/path``, what follows ``::``.

    Raises
    ------
    InvalidArgument
        If there is no such file system.

    Notes
    -----
    Groups are folders, and so are groups of packed files; files are what `filenode` makes. Tables,
    arrays and links are not listed, but not lost either: a folder that holds any is not removed. A
    link within the file is followed where it is named.

    Of a list of URLs with ``::``, fsspec sees the first only: open a list of paths by the file
    system instead, or a pattern, ``longtake://file.h5::/tables/*.csv``.

    The HDF5 file is open only while something is looked up, read or stored, so that other programs
    can use it in between; if one of them is using it, that is waited for, up to five seconds. A
    file that is written is in the HDF5 file when it was closed, as a whole. Nothing is remembered
    of what was listed, so changes by others are seen; only of packed files, the index is kept as
    long as the HDF5 file is unchanged.

    Threads take turns. For thousands of files, `filenode.import_folder` and `export_folder` are
    many times as fast as `put` and `get`.

    Examples
    --------
    >>> import tempfile, os, fsspec
    >>> path = os.path.join(tempfile.mkdtemp(), "a.h5")
    >>> with fsspec.open(f"longtake://{path}::/notes/on Monday.txt", "w") as file:
    ...     count = file.write("It rained.")
    >>> fs = fsspec.filesystem("longtake", h5=path)
    >>> fs.find("/"), fs.cat("/notes/on Monday.txt")
    (['/notes/on Monday.txt'], b'It rained.')
    """

    protocol = "longtake"
    root_marker = "/"
    # An instance holds nothing open, and a relative name means another file in another folder.
    cachable = False

    def __init__(
        self,
        h5: str | os.PathLike[str] | None = None,
        fo: str | None = None,
        target_protocol: str | None = None,
        target_options: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if h5 is None:
            raise InvalidArgument(
                "which HDF5 file? An URL is longtake://file.h5::/path/in/it, and a file system "
                "fsspec.filesystem('longtake', h5='file.h5')"
            )
        if target_protocol not in {None, "file", "local"} or target_options:
            raise InvalidArgument(
                f"after '::' comes a path in the HDF5 file, and nothing of {target_protocol!r}"
            )
        self._file = Path(h5).expanduser().resolve()
        _require_no_path_after(self._file)
        self._own = type(self)._strip_protocol(fo or "/")
        if fo is not None and target_protocol is not None:
            _require_path_in_file(self._file, fo)
        self._known = KnownIndex()
        # fsspec asks the class for the path of an URL, which knows only what is before the '::'.
        self._strip_protocol = self._path_in_file  # pyright: ignore[reportIncompatibleMethodOverride]

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        name = path.removeprefix(_PREFIX).partition("::")[0]
        is_url = path.startswith(_PREFIX) and name
        return {"h5": str(Path(name).expanduser().resolve())} if is_url else {}

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Give the path in the HDF5 file, from the root; none, if an URL does not say one."""
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        text = stringify_path(path)
        if text.startswith(_PREFIX):
            text = text.partition("::")[2]
        return "/" + "/".join(step for step in text.split("/") if step) if text else ""

    def _path_in_file(self, path: Any) -> Any:
        if isinstance(path, list):
            return [self._path_in_file(one) for one in path]
        of = self._get_kwargs_from_urls(stringify_path(path)).get("h5")
        if of not in {None, str(self._file)}:
            raise InvalidArgument(f"{path} is in another HDF5 file than {self._file}")
        return type(self)._strip_protocol(path) or self._own

    def unstrip_protocol(self, name: str) -> str:
        """Give the URL of a path."""
        return f"{_PREFIX}{self._file}::{self._strip_protocol(name)}"

    @property
    def fsid(self) -> str:
        """What tells this file system from others."""
        return f"longtake_{tokenize(str(self._file))}"

    @property
    def _fs_token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return tokenize(type(self), str(self._file), self._own)

    def __reduce__(self) -> Any:
        return make_instance, (type(self), (), {"h5": str(self._file), "fo": self._own})

    def ls(self, path: Any, detail: bool = True, **_: Any) -> list[Any]:  # noqa: FBT001, FBT002
        """List what is in a folder; of a file, the file.

        Raises
        ------
        NotFound
            A FileNotFoundError, if there is nothing at that path.
        """
        with self._reading() as h5:
            place = self._found(h5, self._strip_protocol(path))
            places = list(place.inside()) if place.kind == "directory" else [place]
            return [_info(one) if detail else one.path for one in places]

    def walk(
        self,
        path: Any,
        maxdepth: int | None = None,
        topdown: bool = True,  # noqa: FBT001, FBT002
        on_error: Any = "omit",
        **options: Any,
    ) -> Any:
        """Go through a folder and all below, as `os.walk` does; `find` does so too.

        The HDF5 file is opened once, before the first. Groups that many links lead to are gone
        through once.
        """
        if maxdepth is not None and maxdepth < 1:
            raise InvalidArgument(f"maxdepth={maxdepth}: it is 1 or more")
        target, detail = self._strip_protocol(path), options.get("detail", False)
        try:
            levels = self._levels(target, maxdepth)
        except OSError as error:
            if on_error == "raise":
                raise
            if callable(on_error):
                on_error(error)
            return
        waiting = [target] if topdown else list(levels)
        while waiting:
            at = waiting.pop()
            folders, files = levels[at]
            if not detail:
                folders, files = list(folders), list(files)
            yield at, folders, files
            if topdown:  # who goes through it may have taken some away
                below = [f"{at.rstrip('/')}/{name}" for name in folders]
                waiting += [one for one in reversed(below) if one in levels]

    def _levels(self, target: str, maxdepth: int | None) -> dict[str, tuple[Any, Any]]:
        """Give the folders and the files in each folder, by its path, as fsspec describes them."""
        with self._reading() as h5:
            place = self._found(h5, target)
            if place.kind != "directory":
                return {target: ({}, {"": _info(place)})}
            return {
                folder.path: (_infos(inside, "directory"), _infos(inside, "file"))
                for folder, inside in walked(place, maxdepth)
                if maxdepth is None or _depth(folder.path) - _depth(target) < maxdepth
            }

    def du(
        self,
        path: Any,
        total: bool = True,  # noqa: FBT001, FBT002
        maxdepth: int | None = None,
        withdirs: bool = False,  # noqa: FBT001, FBT002
        **_: Any,
    ) -> Any:
        """Give the bytes of the files below a folder: their sum, or each by its path."""
        found: Any = self.find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    def info(self, path: Any, **_: Any) -> dict[str, Any]:
        """Tell of a file or folder: name, type, size, and when it was changed (mtime, seconds).

        Raises
        ------
        NotFound
            A FileNotFoundError, if there is nothing at that path.
        """
        with self._reading() as h5:
            return _info(self._found(h5, self._strip_protocol(path)))

    def modified(self, path: Any) -> Any:
        """Give when a file was changed, as a datetime in UTC."""
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self.info(path)["mtime"], UTC)

    def mkdir(self, path: Any, create_parents: bool = True, **_: Any) -> None:  # noqa: FBT001, FBT002
        """Make a folder: a group, or a name among packed files."""
        target = self._strip_protocol(path)
        if self.exists(target) or target == "/":
            raise AlreadyExists(f"{self._file}: {target} exists already")
        require_names(target)
        with self._writing() as h5:
            if not create_parents:
                self._found(h5, self._parent(target))
            self._require_way(h5, target)
            make_folder(h5, target)

    def makedirs(self, path: Any, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        """Make a folder, and those that it is in."""
        target = self._strip_protocol(path)
        if exist_ok and (target == "/" or self.isdir(target)):
            return
        self.mkdir(target)

    def rmdir(self, path: Any) -> None:
        """Remove an empty folder."""
        target = self._strip_protocol(path)
        with self._writing(target) as h5:
            place = self._found(h5, target)
            if place.kind != "directory":
                raise IsNoFolder(f"{self._file}: {target} is no folder")
            self._require_removable(place)
            if next(place.inside(), None) is not None:
                raise FolderNotEmpty(f"{self._file}: {target} is not empty")
            place.remove()

    def rm_file(self, path: Any) -> None:
        """Remove a file."""
        self._remove(self._strip_protocol(path), recursive=False)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: FBT001, FBT002
        """Remove files; folders with all that is in them, if `recursive`.

        Raises
        ------
        FolderNotEmpty
            If a folder holds tables, arrays or links: nothing was removed.
        """
        if maxdepth is not None:
            raise InvalidArgument("maxdepth: folders are removed as a whole; name what is to go")
        for target in self.expand_path(path):
            self._remove(target, recursive=recursive)

    def cp_file(self, path1: Any, path2: Any, **_: Any) -> None:
        """Copy a file; of a folder, make one without what is in it."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(source):
            self.makedirs(target, exist_ok=True)
        elif source != target:
            with self._open(source) as read, self._open(target, "wb") as written:
                shutil.copyfileobj(read, written, _WHOLE)

    def mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Move a file, or, if `recursive`, a folder; what is packed is copied, then removed."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        if isinstance(source, list) or has_magic(source):
            super().mv(source, target, recursive=recursive, maxdepth=maxdepth, **options)
            return
        if self.isdir(target):
            target = f"{target.rstrip('/')}/{source.rpartition('/')[2]}"
        if f"{target}/".startswith(f"{source}/"):
            raise InvalidArgument(f"{self._file}: {source} cannot be moved into itself")
        if not self._rename(source, target, recursive=recursive):
            super().mv(source, target, recursive=recursive, maxdepth=maxdepth, **options)

    def _rename(self, source: str, target: str, *, recursive: bool) -> bool:
        """Move a node; say no of what is packed, or would be."""
        require_names(target)
        with self._writing(source) as h5:
            place = self._found(h5, source)
            if place.kind == "directory" and not recursive:
                raise IsFolder(f"{self._file}: {source} is a folder: give recursive=True")
            self._require_writable_place(h5, target, self._place(h5, target), "w")
            if isinstance(place, NodePlace) and rename(h5, place.node, target):
                return True
            self._require_removable(place)
            return False

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: Any = None,
        autocommit: bool = True,  # noqa: FBT001, FBT002
        cache_options: Any = None,
        **options: Any,
    ) -> Any:
        kind = kind_of(mode)
        if kind == "r":
            return self._reader(path, block_size, cache_options, options)
        before = self._before_writing(path, kind)
        writer = ContentWriter(
            self._file.parent, kind, partial(self._store, path, kind), autocommit=autocommit
        )
        if before is not None:
            try:
                shutil.copyfileobj(before, writer, _WHOLE)
            except BaseException:
                writer.discard()
                raise
            writer.seek(0, os.SEEK_END if kind[0] == "a" else os.SEEK_SET)
        return writer

    def _reader(self, path: str, block_size: Any, cache_options: Any, options: Any) -> Any:
        with self._reading() as h5:
            place = self._found_file(h5, path)
            if place.size <= _WHOLE or hasattr(place, "files"):
                return ContentReader(place.read(0, place.size))
            size = place.size
        read = partial(self._part, path, size)
        options |= {"block_size": block_size, "cache_options": cache_options}
        return BlockReader(self, path, size, read, **options)

    def _part(self, path: str, size: int, start: int, stop: int) -> bytes:
        with self._reading() as h5:
            place = self._found_file(h5, path)
            if place.size != size:
                raise FileChangedElsewhere(
                    f"{self._file}: {path} had {size} bytes when it was opened, and has "
                    f"{place.size} now: open it again"
                )
            return place.read(start, min(stop, size))

    def _before_writing(self, path: str, kind: str) -> Any:
        """Give what a file to be changed holds; raise if it cannot be written."""
        if not self._file.parent.is_dir():
            raise NotFound(f"there is no folder {self._file.parent} for {self._file.name}")
        if path == "/":
            raise IsFolder(f"{self._file}: {path} is a folder: an URL is longtake://file.h5::/path")
        require_names(path)
        if not self._file.exists():
            if kind[0] == "r":
                raise NotFound(f"there is no file {self._file}")
            return None
        with self._reading() as h5:
            place = self._place(h5, path)
            self._require_writable_place(h5, path, place, kind)
        return self._reader(path, None, None, {}) if place and kind[0] in "ra" else None

    def _require_writable_place(self, h5: File, path: str, place: Place | None, kind: str) -> None:
        if place is None:
            if kind[0] == "r":
                raise NotFound(f"{self._file} has no file {path}")
            self._require_way(h5, path)
        elif place.kind == "directory":
            raise IsFolder(f"{self._file}: {path} is a folder")
        elif place.kind == "other" or kind[0] == "x":
            raise AlreadyExists(f"{self._file} has {path} already; choose another name")

    def _require_way(self, h5: File, path: str) -> None:
        """Raise if a file or folder cannot be made at a path, for what is above it."""
        above = self._parent(path)
        while above != "/":
            place = self._place(h5, above)
            if place is not None and place.kind != "directory":
                raise IsNoFolder(f"{self._file}: {above} is no folder, so there is no {path}")
            above = self._parent(above)

    def _store(self, path: str, kind: str, content: Any, size: int) -> None:
        with self._writing() as h5:
            place = self._place(h5, path)
            # It may have come to be there while the file was written.
            self._require_writable_place(h5, path, place, "x" if kind[0] == "x" else "w")
            store(h5, place.real_path if place else path, content, size, time.time_ns())

    def _remove(self, target: str, *, recursive: bool) -> None:
        with self._writing(target) as h5:
            place = self._found(h5, target)
            if place.kind == "directory" and not recursive:
                raise IsFolder(f"{self._file}: {target} is a folder: give recursive=True")
            self._require_removable(place)
            if target != "/":
                place.remove()
                return
            for inside in list(place.inside()):
                inside.remove()

    def _require_removable(self, place: Place) -> None:
        others = [place.path] if place.kind == "other" else place.others()
        if others:
            raise FolderNotEmpty(
                f"{self._file}: {others[0]} is no file; remove it by longtake.tree, if it is to go"
            )

    def _place(self, h5: File, path: str) -> Place | None:
        return place_at(h5, path, self._known.open)

    def _found(self, h5: File, path: str) -> Place:
        place = self._place(h5, path)
        if place is None:
            raise NotFound(f"{self._file} has no {path}")
        return place

    def _found_file(self, h5: File, path: str) -> Place:
        place = self._found(h5, path)
        if place.kind == "directory":
            raise IsFolder(f"{self._file}: {path} is a folder")
        if place.kind == "other":
            raise WrongType(f"{self._file}: {path} is no file")
        return place

    def _reading(self) -> AbstractContextManager[File]:
        return briefly_open(self._file, "r")

    def _writing(self, path: str | None = None) -> AbstractContextManager[File]:
        """Open the HDF5 file to write; it must be there if something in it is to be changed."""
        if path is not None and not self._file.exists():
            raise NotFound(f"there is no file {self._file}")
        return briefly_open(self._file, "a")


def _infos(places: list[Place], kind: str) -> dict[str, Any]:
    return {one.path.rpartition("/")[2]: _info(one) for one in places if one.kind == kind}


def _depth(path: str) -> int:
    return len(path.strip("/").split("/")) if path.strip("/") else 0


def _info(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {"name": place.path, "type": place.kind, "size": place.size}
    if place.modified is not None:
        told["mtime"] = place.modified / 1e9
    return told


def _require_no_path_after(file: Path) -> None:
    """Raise if the name of the HDF5 file goes on with the path in it."""
    for above in file.parents:
        if above.is_file():
            inside = file.relative_to(above).as_posix()
            raise InvalidArgument(
                f"{above} is a file: what is in it follows '::', {_PREFIX}{above}::/{inside}"
            )


def _require_path_in_file(file: Path, path: str) -> None:
    """Raise if a path cannot have been meant as one in an HDF5 file."""
    here = Path.cwd().as_posix()
    if here != "/" and path.startswith(f"{here}/"):
        # fsspec has made a relative name one in the present folder.
        given = path.removeprefix(f"{here}/")
        raise InvalidArgument(
            f"the path in {file.name} begins with '/': write {_PREFIX}{file.name}::/{given}, or "
            f"fsspec.filesystem('longtake', h5='{file.name}') for paths as {path}"
        )
    if not file.exists() and Path(path).is_file() and h5py.is_hdf5(path):
        raise InvalidArgument(f"the HDF5 file comes first: {_PREFIX}{path}::/path/in/it")
