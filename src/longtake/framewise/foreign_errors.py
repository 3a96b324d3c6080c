"""What HDF5 says of a file that it cannot read, said in longtake's own errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from longtake.errors import DamagedFile, InvalidArgument, LongtakeError, NotFound
from longtake.hdf.foreign_filters import lacks_filter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

#: What h5py makes of HDF5's errors, and what comes of numbers in a file that cannot be.
HDF5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, OverflowError)


@contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Raise `DamagedFile`, which names `what` was being read, in place of an error of HDF5's.

    A filter that is not known raises `InvalidArgument`; it says how to write the file anew.
    """
    try:
        yield
    except (DamagedFile, NotFound) as error:
        said = str(error)
        if str(path) in said:
            raise
        raise DamagedFile(f"{path}: {what} cannot be read: {said}") from error
    except LongtakeError:
        raise
    except (*HDF5_ERRORS, MemoryError) as error:
        said = in_one_line(error)
        if lacks_filter(error):
            raise InvalidArgument(
                f"{path}: {what} is compressed in a way that is not known here: write "
                "the file anew with PyTables, as with ptrepack --complib=zlib --complevel=5 "
                f"--overwrite-nodes ({said})"
            ) from error
        raise DamagedFile(f"{path}: {what} cannot be read: {said}") from error


def in_one_line(error: BaseException) -> str:
    """Give what an error says; HDF5's own break lines within a sentence."""
    return " ".join(str(error).split()) or type(error).__name__
