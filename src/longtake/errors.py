"""Every exception that longtake raises, as a tree.

::

    LongtakeError
    ├── InvalidArgument        (ValueError)       an argument's value cannot be used
    ├── WrongType              (TypeError)        an argument is of a kind that cannot be used
    ├── KeyNotFound            (KeyError)         no entry at such a key in a stream
    │   └── FrameNotFound                         no such frame in a store
    ├── NotFound               (FileNotFoundError) no file, folder or stream of that name
    ├── AlreadyExists          (FileExistsError)  a name is taken
    ├── UnreadableFrame        (ValueError)       an image cannot be read or does not fit the others
    ├── OutOfRange             (IndexError)       no row, entry or element of that number
    ├── NotALongtakeFile       (ValueError)       a file of another program, or no HDF5 file at all
    ├── DamagedFile            (ValueError)       what is in the file contradicts itself
    ├── FileInUse              (BlockingIOError)  another process is writing this file
    ├── FileChangedElsewhere   (OSError)          another program altered the file under us
    ├── WriteFailed            (OSError)          the disk is full or broken
    ├── WriterDied             (ConnectionError)  who wrote the file ended without finishing it
    ├── NothingCame            (TimeoutError)     nothing new within the time that was given
    ├── CannotFollow           (RuntimeError)     datasets that cannot be followed, or not together
    ├── NoPermission           (PermissionError)  the system does not let us read or write there
    ├── Closed                 (ValueError)       you closed it before
    └── SubnetOversizeException                   a link strategy's limit was passed

Catch `LongtakeError` for all of them, or the builtin that is named beside each. Those below
OSError that the system caused have its number as `errno`.
"""

from __future__ import annotations


class LongtakeError(Exception):
    """Anything that longtake raises on purpose; as text, it is its sentence alone."""

    def __str__(self) -> str:
        # The builtins would spoil it: KeyError shows a repr, OSError puts "[Errno 28]" before it.
        return str(self.args[-1]) if self.args else ""


class InvalidArgument(LongtakeError, ValueError):
    """An argument has a value that cannot be used."""


class WrongType(LongtakeError, TypeError):
    """An argument is of a kind that cannot be used."""


class KeyNotFound(LongtakeError, KeyError):
    """A stream holds no entry at the key asked for."""


class FrameNotFound(KeyNotFound):
    """A store holds no frame of the number asked for."""


class NotFound(LongtakeError, FileNotFoundError):
    """There is no file, folder or stream of that name."""


class AlreadyExists(LongtakeError, FileExistsError):
    """The name is taken."""


class UnreadableFrame(LongtakeError, ValueError):
    """An image cannot be read, or does not fit the ones before it."""


class OutOfRange(LongtakeError, IndexError):
    """There is no row, entry or element of that number."""


class NotALongtakeFile(LongtakeError, ValueError):
    """The file was made by another program; it was left as it is."""


class DamagedFile(LongtakeError, ValueError):
    """What is in the file contradicts itself."""


class FileInUse(LongtakeError, BlockingIOError):
    """Another process is writing this file."""


class FileChangedElsewhere(LongtakeError, OSError):
    """Another program altered the file while, or after, longtake wrote it."""


class WriteFailed(LongtakeError, OSError):
    """The bytes could not be written; what was written before them stays."""


class WriterDied(LongtakeError, ConnectionError):
    """Whoever wrote the file ended without finishing it; all that was written was given before."""


class NothingCame(LongtakeError, TimeoutError):
    """Nothing new was written within the time given; it may come yet, so ask again to go on."""


class CannotFollow(LongtakeError, RuntimeError):
    """Datasets are of a form that cannot be followed, or do not go with each other."""


class NoPermission(LongtakeError, PermissionError):
    """The system does not allow to read or write this file."""


class Closed(LongtakeError, ValueError):
    """The object was closed before this call."""


class SubnetOversizeException(LongtakeError):
    """A link strategy that was asked for by name met a subnet larger than its limit."""
