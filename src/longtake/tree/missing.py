"""What is raised for things that are not in a tree, by the builtins that Python's protocols need.

``node.name`` must raise an AttributeError and ``node[name]`` a KeyError; each class here is both.
"""

from __future__ import annotations

from longtake.errors import LongtakeError


class NodeNotFound(LongtakeError, KeyError, AttributeError):
    """A group has no child of that name."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which spoils a sentence.
        return Exception.__str__(self)


#: As PyTables calls it.
NoSuchNodeError = NodeNotFound


class ColumnNotFound(LongtakeError, KeyError):
    """A table has no column of that name."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class PackedFileNotFound(LongtakeError, FileNotFoundError, KeyError):
    """There is no file of that name among packed files."""
