"""Which streams of a recording are followed, and by what name."""

from __future__ import annotations

import numpy as np
import pytest

from longtake.errors import DamagedFile, InvalidArgument, KeyNotFound, WrongType
from longtake.follow.wanted_streams import WantedStreams
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.damaged_view import DamagedStreamView


@pytest.fixture
def file(tmp_path):
    with StreamFile.create(tmp_path / "f.h5") as made:
        yield made


@pytest.fixture
def view(file):
    with StreamFileView(file.path) as opened:
        yield opened


def names(wanted: WantedStreams, view: StreamFileView) -> list[str]:
    """Give what the streams are called that are new."""
    view.refresh()
    return [name for name, _ in wanted.new_ones(view)]


def test_all_streams_are_given_once_as_they_appear(file, view):
    wanted = WantedStreams(())
    assert names(wanted, view) == []
    file.create_data_stream("game")
    file.create_frame_stream("camera", (1,), "u1")
    assert names(wanted, view) == ["game", "camera"]
    assert names(wanted, view) == []
    file.create_record_stream("spikes", {"x": "u1"})
    assert names(wanted, view) == ["spikes"]
    file.data_streams["game"].append_many(range(10_000), range(10_000))
    assert names(wanted, view) == [], "a stream that grew is not new"
    wanted.require_found(view)


def test_streams_of_two_kinds_that_share_a_name_have_their_kinds_before_it(file, view):
    wanted, later = WantedStreams(()), WantedStreams(())
    file.create_data_stream("camera")
    assert names(wanted, view) == ["camera"]
    file.create_frame_stream("camera", (1,), "u1")
    assert names(wanted, view) == ["frame_stream/camera"], "what the first is called stays"
    assert names(later, view) == ["data_stream/camera", "frame_stream/camera"]


def test_those_that_were_asked_for_are_called_as_they_were(file, view):
    wanted = WantedStreams(("/frame_stream/camera/", "game"))
    file.create_data_stream("camera")
    file.create_data_stream("other")
    assert names(wanted, view) == []
    assert wanted.missing == ["/frame_stream/camera/", "game"]
    with pytest.raises(KeyNotFound, match=r"no stream '/frame_stream/camera/', and nobody writes"):
        wanted.require_found(view)
    file.create_frame_stream("camera", (1,), "u1")
    file.create_data_stream("game")
    assert names(wanted, view) == ["game", "/frame_stream/camera/"]
    assert wanted.missing == []


def test_a_name_that_two_streams_have_must_say_which(file, view):
    file.create_data_stream("camera")
    file.create_frame_stream("camera", (1,), "u1")
    wanted = WantedStreams(("camera",))
    for _ in range(2):
        with pytest.raises(KeyNotFound, match="'data_stream/camera' or 'frame_stream/camera'"):
            names(wanted, view)


def test_a_name_that_another_stream_gets_later_still_means_the_first(file, view):
    wanted = WantedStreams(("camera",))
    file.create_frame_stream("camera", (1,), "u1")
    assert names(wanted, view) == ["camera"]
    file.create_data_stream("camera")
    assert names(wanted, view) == []


def test_streams_are_lost_by_no_error(file, view):
    """Those that appear together with one whose name is not clear come when they are asked for."""
    wanted = WantedStreams(("game", "camera"))
    file.create_data_stream("game")
    file.create_data_stream("camera")
    file.create_frame_stream("camera", (1,), "u1")
    with pytest.raises(KeyNotFound):
        names(wanted, view)
    assert wanted.missing == ["game", "camera"]


def test_a_stream_that_can_be_read_at_last_is_given_again(file, view):
    made = file.create_frame_stream("camera", (1,), "u1")
    made.append(1, np.zeros(1, "u1"))
    wanted = WantedStreams(())
    whole = view.frame_streams
    view.refresh()
    real = whole["camera"]
    error = DamagedFile("it looks so")
    whole["camera"] = DamagedStreamView("camera", "/frame_stream/camera", error)  # pyright: ignore
    assert names(wanted, view) == ["camera"]
    whole["camera"] = DamagedStreamView("camera", "/frame_stream/camera", error)  # pyright: ignore
    view._generation += 1
    assert [name for name, _ in wanted.new_ones(view)] == []
    whole["camera"] = real
    view._generation += 1
    assert wanted.new_ones(view) == [("camera", real)]
    view._generation += 1
    assert wanted.new_ones(view) == []


def test_bad_names_are_refused():
    with pytest.raises(WrongType, match="by its name, not by 7"):
        WantedStreams((7,))  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match="asked for twice"):
        WantedStreams(("camera", "/camera"))
