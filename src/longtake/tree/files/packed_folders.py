"""Which folders there are among packed files: no name can be that of a file and of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class PackedFolders:
    """How many names are in each folder and below, in about 100 bytes for each folder.

    Parameters
    ----------
    names : iterable of bytes
        Of the files, and of the empty folders, which end with ``/``.
    """

    def __init__(self, names: Iterable[bytes]) -> None:
        self._counts: dict[bytes, int] = {}
        for name in names:
            self.add(name)

    def __contains__(self, name: bytes) -> bool:
        return name in self._counts

    def add(self, name: bytes) -> None:
        """Note a name that was not there."""
        for folder in folders_of(name):
            self._counts[folder] = self._counts.get(folder, 0) + 1

    def remove(self, name: bytes) -> None:
        """Forget a name."""
        for folder in folders_of(name):
            self._counts[folder] -= 1
            if not self._counts[folder]:
                del self._counts[folder]


def folders_of(name: bytes) -> Iterator[bytes]:
    """Give the folders that a name is in, the last first; of an empty folder, itself too."""
    while b"/" in name:
        name = name.rpartition(b"/")[0]
        yield name
