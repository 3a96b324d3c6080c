"""What a file system is expected to raise, by the builtins that its users catch."""

from __future__ import annotations

from longtake.errors import LongtakeError


class IsFolder(LongtakeError, IsADirectoryError):
    """A folder was asked for what only a file can do."""


class IsNoFolder(LongtakeError, NotADirectoryError):
    """A path leads through a file."""


class FolderNotEmpty(LongtakeError, OSError):
    """A folder cannot be removed without what is in it."""
