"""PandasHDFStoreBig: trackpy's name for a store of many frames."""

from __future__ import annotations

from longtake.framewise.pandas_store import PandasHDFStore


class PandasHDFStoreBig(PandasHDFStore):
    """Keep one table a frame in the file format of trackpy's `PandasHDFStoreBig`.

    The files are those of `PandasHDFStore`, and so is everything else: arguments, rules, speed.
    trackpy keeps a list of the frames in the file, under ``_Frames_Cache``, to open large files
    faster. Here the list is read from the file itself, which is fast and cannot be out of date; a
    list that trackpy left is taken away when a frame is put, and trackpy makes it anew.

    Guarantees
    ----------
    Threads: one. Memory: the name of each frame, and the frame being read or put.
    """

    def rebuild_cache(self) -> None:
        """Read the list of frames from the file again."""
        self._forget_names()
        self._frame_numbers()
