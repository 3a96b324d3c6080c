"""An open file, and the root of its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from longtake.tree.group import Group
from longtake.tree.node import Tree

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import h5py


def _all_rows(_path: str) -> None:
    return None


class File:
    """Look around in any HDF5 file: ``file.root.data_stream.game.index[-1]``.

    It is read only, and nothing that the file holds is run; links into other files are not
    followed.

    Parameters
    ----------
    h5 : h5py.File
        An open file, which `close` closes.
    rows : function of a path, optional
        Gives how many rows of the dataset at that path are in use, where it was allocated ahead,
        as in a file that is being written; None for all. Asked at each look.
    name : str or path, optional
        What the file is called, where `h5` was opened through another object and does not know.

    Guarantees
    ----------
    Memory: what is asked for; iterating holds a block of about a megabyte, or one row.

    Examples
    --------
    >>> import h5py
    >>> with File(h5py.File.in_memory()) as file:
    ...     [node._v_name for node in file.root]
    []
    """

    def __init__(
        self,
        h5: h5py.File,
        rows: Callable[[str], int | None] | None = None,
        name: str | os.PathLike[str] | None = None,
    ) -> None:
        #: The name that the file was opened by.
        self.filename = str(h5.filename if name is None else name)
        self._tree = Tree(h5, self.filename, rows or _all_rows)
        #: The group that holds all others.
        self.root = Group(self._tree, "/", h5["/"])

    @property
    def isopen(self) -> bool:
        """Whether the file can still be read from."""
        return bool(self._tree.h5)

    def close(self) -> None:
        """Close the file; its nodes raise `Closed` from then on. Closing again does nothing."""
        self._tree.h5.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        details = self.root._details() if self.isopen else "closed"  # noqa: SLF001
        return f"<File {self.filename}: {details}>"
