"""Waiting for what is written to a file, until its writer has finished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from longtake.errors import NothingCame
from longtake.streams.end_of_writing import is_finished

if TYPE_CHECKING:
    from longtake.streams.end_of_writing import Written
    from longtake.streams.polling import Polling


class Following(ABC):
    """What every follower does while nothing comes.

    Parameters
    ----------
    file : Written
    polling : Polling
    """

    def __init__(self, file: Written, polling: Polling) -> None:
        self._file = file
        self._polling = polling
        self._is_stopped = False

    @abstractmethod
    def _look(self) -> bool:
        """Look for what was written, and say whether there is something to give."""

    @abstractmethod
    def _where(self) -> str:
        """Say where nothing came."""

    def _is_finished(self) -> bool:
        """Whether nothing will come any more, of a file that nobody was writing a moment ago."""
        return is_finished(self._file)

    def stop(self) -> None:
        """Give nothing more; who is waiting for the next entry waits no longer."""
        self._is_stopped = True

    def __iter__(self) -> Self:
        return self

    def _wait(self) -> None:
        """Wait until there is something to give, or stop for good."""
        self._polling.restart()
        while not self._is_stopped:
            is_written = self._file.is_being_written  # asked first: what it wrote is seen
            if self._look():
                return
            if not is_written and self._is_finished():
                self._is_stopped = True
            elif self._polling.is_over:
                raise NothingCame(
                    f"{self._file.path}: nothing came within {self._polling.timeout:g} s in "
                    f"{self._where()}; whoever writes it still does: ask again to go on waiting"
                )
            else:
                self._polling.wait()
