"""A recording to read: finished, being written, or left by a crash."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from longtake.errors import LongtakeError, NotFound
from longtake.hdf.attribute_set import AttributeSet
from longtake.hdf.attributes import read_attribute
from longtake.hdf.html_table import html_table, told
from longtake.recording.stream_collection import StreamCollection
from longtake.streams import StreamFileView
from longtake.tree import File
from longtake.tree.rows_in_use import rows_in_use

if TYPE_CHECKING:
    import os

    from longtake.streams import DataStreamView, FrameStreamView, RecordStreamView
    from longtake.tree import Array, Table

_MEMBERS = {
    "file": "The tree of groups, tables and arrays in the file",
    "attributes": "The attributes of the recording",
    "spikes": "The spikes in the recording",
    "stims": "The stims in the recording",
    "samples": "The frames of raw samples in the recording",
    "data_streams": "Streams of anything by timestamp",
    "frame_streams": "Streams of frames of one shape",
    "record_streams": "Streams of typed records",
}


def open_recording(path: str | os.PathLike[str]) -> RecordingView:
    """Open a recording to read: `longtake.open`.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    RecordingView

    Raises
    ------
    NotFound
        If there is no such file.
    NotALongtakeFile
        If it is not a recording.
    """
    return RecordingView(path)


class RecordingView:
    """What is in a recording, at each moment: also while another process writes it.

    Parameters
    ----------
    path : str or path

    Attributes
    ----------
    path : pathlib.Path
    data_streams, frame_streams, record_streams : StreamCollection
        The streams of each kind, by name: ``view.data_streams.game``.

    Guarantees
    ----------
    Nothing that the file holds is run. Opening takes memory for the keys of the streams that are
    looked at, 8 bytes each. Threads: one view a thread.

    Examples
    --------
    >>> import longtake as lt, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     recording.create_data_stream("game").append(7, ["any", "thing"])
    >>> with lt.open(path) as view:
    ...     view.state, view.data_streams.game[7]
    ('complete', ['any', 'thing'])
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._view = StreamFileView(self.path)
        self._file: File | None = None  # once it was asked for
        self._file_generation = -1
        self.data_streams: StreamCollection[DataStreamView] = StreamCollection(
            "Data Streams", lambda: self._present().data_streams
        )
        self.frame_streams: StreamCollection[FrameStreamView] = StreamCollection(
            "Frame Streams", lambda: self._present().frame_streams
        )
        self.record_streams: StreamCollection[RecordStreamView] = StreamCollection(
            "Record Streams", lambda: self._present().record_streams
        )

    @property
    def state(self) -> str:
        """What became of the recording, as far as is known at this moment; ask again to follow it.

        ``recording`` while a process writes it, ``complete`` when it was stopped, ``aborted``
        when it was left by an error or a crash, ``recovered`` when it was put right after one;
        ``unknown`` where the file is damaged and does not tell.
        """
        return state_of(self._present())

    @property
    def attributes(self) -> AttributeSet:
        """The attributes of the recording; those its user gave are in ``application``.

        They are those of the moment this is asked, also of a recording that goes on: what
        ``set_attribute`` has set is among them when it has returned. What was given stays as it
        is; ask again to see what has changed since.
        """
        view = self._present()
        with view.structure() as h5, File(h5, name=self.path) as file:
            values = {name: _value(file, name) for name in file.root.attrs}
        if "state" in values:  # what the file says of a recording that crashed is that it goes on
            values["state"] = state_of(view)
        given = view.attribute_error or deepcopy(view.application)
        return AttributeSet("/", values | {"application": given})

    @property
    def file(self) -> File:
        """The file as a tree of nodes; what nodes there are is as it is when this is asked for."""
        generation = self._present().generation
        if self._file is None or generation != self._file_generation:
            # Of the one before, what is still in use stays open by its nodes.
            self._file = File(self._view.structure(), rows_in_use(self._view), self.path)
            self._file_generation = generation
        return self._file

    @property
    def spikes(self) -> Table | None:
        """The table of spikes, if the recording has one."""
        return self._node("spikes")

    @property
    def stims(self) -> Table | None:
        """The table of stims, if the recording has one."""
        return self._node("stims")

    @property
    def samples(self) -> Array | None:
        """The frames of raw samples, (frames, channels), if the recording has them."""
        return self._node("samples")

    def close(self) -> None:
        """Give the file back. Closing twice is allowed."""
        if self._file is not None:
            self._file.close()
        self._view.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        width = max(map(len, _MEMBERS)) + 1
        lines = [f"    {name + ':':<{width}} {what}" for name, what in _MEMBERS.items()]
        return "\n".join([f"RecordingView of file: {self.path}", *lines])

    def _repr_html_(self) -> str:
        parts = {
            "state": lambda: self.state,
            "attributes": lambda: repr(self.attributes.application),
            "samples": lambda: _extent(self.samples),
            "spikes": lambda: _extent(self.spikes),
            "stims": lambda: _extent(self.stims),
            "data_streams": lambda: ", ".join(self.data_streams),
            "frame_streams": lambda: ", ".join(self.frame_streams),
            "record_streams": lambda: ", ".join(self.record_streams),
        }
        rows = ((name, told(tell)) for name, tell in parts.items())
        return html_table(
            f"RecordingView of file: {self.path}", ((name, text) for name, text in rows if text)
        )

    def _present(self) -> StreamFileView:
        self._view.refresh()
        return self._view

    def _node(self, name: str) -> Any:
        root = self.file.root
        return root[name] if name in root else None  # noqa: SIM401  (a group is no dict)


def state_of(view: StreamFileView) -> str:
    """Say what became of a recording: see `RecordingView.state`."""
    if view.is_being_written:
        return "recording"
    if not view.was_closed:
        return "aborted"
    try:
        with view.structure() as h5:
            state = str(read_attribute(h5, "state"))
    except NotFound:
        return "complete"
    except (LongtakeError, OSError, RuntimeError, KeyError):
        return "unknown"
    # So it is left by a crash before anything was made in it.
    return "aborted" if state == "recording" else state


def _extent(node: Array | Table | None) -> str:
    return "" if node is None else f"{node.shape} {node.dtype}"


def _value(file: File, name: str) -> Any:
    try:
        return file.root.attrs[name]
    except LongtakeError as error:
        return error
