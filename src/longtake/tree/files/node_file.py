"""The file objects that files inside an HDF5 file are opened as, as of `io`."""

from __future__ import annotations

import codecs
import io
from typing import Any

from longtake.errors import InvalidArgument

_BUFFER = 128 * 1024
#: What a mode asks of the file: to read, to write, and where writing begins.
_MODES = {"r", "r+", "w", "w+", "x", "x+", "a", "a+"}


def kind_of(mode: str) -> str:
    """Give a mode without what it says of text or bytes.

    Raises
    ------
    InvalidArgument
        If there is no such mode.
    """
    kind = mode.replace("b", "").replace("t", "") if isinstance(mode, str) else mode
    if kind not in _MODES or ("t" in mode and "b" in mode):
        raise InvalidArgument(f"mode={mode!r}: it is one of {', '.join(sorted(_MODES))}, or with t")
    return kind


def require_text_mode(mode: str, encoding: str | None, newline: str | None) -> None:
    """Raise if an encoding or line ends are given that there are none of, or for bytes.

    Raises
    ------
    InvalidArgument
    """
    if "t" not in mode and (encoding is not None or newline is not None):
        raise InvalidArgument(f"encoding and newline are of text: mode={mode + 't'!r}")
    if newline not in {None, "", "\n", "\r", "\r\n"}:
        raise InvalidArgument(f"newline={newline!r}: it is '', '\\n', '\\r' or '\\r\\n'")
    try:
        codecs.lookup(encoding or "utf-8")
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidArgument(f"encoding={encoding!r}: {error}") from None


def buffered(raw: Any, mode: str, encoding: str | None, newline: str | None) -> Any:
    """Give the file object of a mode."""
    require_text_mode(mode, encoding, newline)
    kind = kind_of(mode)
    made: Any = FileReader if kind == "r" else FileNode if "+" in kind else FileWriter
    file = made(raw, _BUFFER)
    raw.add_layer(file)
    if "t" not in mode:
        return file
    text = TextFile(file, encoding=encoding or "utf-8", newline=newline)
    raw.add_layer(text)
    return text


class _OfNode:
    """What such a file has besides what `io` asks for."""

    raw: Any

    @property
    def node(self) -> Any:
        """The node in the HDF5 file."""
        return self.raw.node

    @property
    def attrs(self) -> Any:
        """The attributes of the node."""
        return self.node.attrs


class _WrittenWithNode(_OfNode):
    """What such a file has if it is written: its bytes go as far as the HDF5 file."""

    def write(self, data: Any, /) -> int:
        """Write at the present position."""
        self.raw.require_here()
        return super().write(data)  # pyright: ignore[reportAttributeAccessIssue]

    def flush(self) -> None:
        """Write what waits in memory."""
        super().flush()  # pyright: ignore[reportAttributeAccessIssue]
        self.raw.flush()


class FileReader(_OfNode, io.BufferedReader):
    """A file of bytes inside an HDF5 file, open to read, as of `io`."""


class FileWriter(_WrittenWithNode, io.BufferedWriter):
    """The same, open to write."""


class FileNode(_WrittenWithNode, io.BufferedRandom):
    """The same, open to read and write."""


class TextFile(io.TextIOWrapper):
    """A file of text inside an HDF5 file."""

    buffer: Any  # pyright: ignore[reportIncompatibleMethodOverride]

    def write(self, text: str, /) -> int:
        """Write text at the present position."""
        self.buffer.raw.require_here()
        return super().write(text)
