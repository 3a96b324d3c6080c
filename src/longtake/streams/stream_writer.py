"""What every stream that is being written can do, whatever it holds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from longtake.errors import Closed
from longtake.streams.stream_view import StreamView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake.hdf import LiveFile
    from longtake.streams.attribute_log import AttributeLog


class StreamWriter(StreamView[Any]):
    """Takes turns, keeps attributes, and stops."""

    _file: LiveFile
    _log: AttributeLog

    def _begin(self, file: LiveFile, log: AttributeLog) -> None:
        self._file = file
        self._log = log
        self._turn = threading.Lock()
        self._is_stopped = False

    @property
    def path(self) -> Path:
        """The file that it is written to."""
        return self._file.path

    def set_attribute(self, name: str, value: object) -> None:
        """Set one attribute of the stream; others see it when this returns."""
        self.update_attributes({name: value})

    def update_attributes(self, updates: Mapping[str, object]) -> None:
        """Set several attributes of the stream at once; others see them when this returns.

        Raises
        ------
        InvalidArgument, WrongType
            If a value is not plain data, or all of them take more than HDF5 can hold; none was
            set then.
        """
        with self._turn:
            self._require_going()
            self._log.update(self.group, self.application, updates)

    def stop(self) -> None:
        """Take nothing more; waits for what is under way."""
        with self._turn:
            self._is_stopped = True

    def _require_going(self) -> None:
        if self._is_stopped:
            raise Closed(
                f"{self._file.path} was closed: nothing was stored in {self.name!r}; open it again "
                "to write on"
            )
