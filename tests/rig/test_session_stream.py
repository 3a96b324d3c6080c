"""A session's stream: in every recording that goes on, and nowhere in silence."""

from __future__ import annotations

import threading

import pytest

import longtake.rig as rig
from longtake.errors import Closed, InvalidArgument, LongtakeError, WriteFailed, WrongType
from longtake.streams import DataStream
from tests.rig.devices import Device


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with rig.open(Device(), accelerated=True) as made:
        yield made


@pytest.fixture
def game(session):
    return session.create_data_stream("game", {"score": 0})


def values(recording):
    recording.stop()
    with recording.open() as view:
        return list(view.data_streams.game.values())


def application(recording):
    recording.stop()
    with recording.open() as view:
        return view.data_streams.game.attributes.application


def break_in(recording, what, monkeypatch):
    """Have the disk of one recording full."""
    broken, act = recording.data_streams.game, getattr(DataStream, what)

    def acted(stream, *given):
        if stream is broken:
            raise WriteFailed(28, "full")
        return act(stream, *given)

    monkeypatch.setattr(DataStream, what, acted)


def test_it_is_in_every_recording_that_goes_on(session, game):
    early, late = session.record("early"), session.record("late")
    game.append(session.timestamp(), 1)
    early.stop()
    game.append(session.timestamp(), 2)
    game.set_attribute("score", 5)
    assert (values(early), values(late)) == ([1], [1, 2])
    assert application(early) == {"score": 0}
    assert application(late) == game.attributes == {"score": 5}


def test_nothing_is_taken_once_the_session_is_closed(session, game):
    recording = session.record()
    key = session.timestamp()
    game.append(key, 1)
    session.close()
    for act in (
        lambda: game.append(key + 1, 2),
        lambda: game.set_attribute("score", 5),
        lambda: game.update_attributes({"score": 5}),
    ):
        with pytest.raises(Closed, match="the session is closed: nothing was stored in 'game'"):
            act()
    assert game.attributes == {"score": 0}
    assert values(recording) == [1]


@pytest.mark.parametrize("bad", [0, 1])
def test_what_one_recording_misses_can_be_appended_again(session, game, monkeypatch, bad):
    recordings = [session.record("a"), session.record("b")]
    game.append(now := session.timestamp(), "before")
    with monkeypatch.context() as patch:
        break_in(recordings[bad], "append", patch)
        for _ in range(2):
            with pytest.raises(WriteFailed, match="full") as caught:
                game.append(now + 1, "entry")
        assert str(recordings[1 - bad].path) in caught.value.__notes__[0]
    for key, data in ((now + 1, "another"), (now, "before")):
        with pytest.raises(InvalidArgument, match="does not come after"):
            game.append(key, data)
    game.append(now + 1, "entry")
    with pytest.raises(InvalidArgument, match="does not come after"):
        game.append(now + 1, "entry")
    game.append(now + 2, "after")
    past = session.record("c", from_timestamp=now)
    expected = ["before", "entry", "after"]
    assert [values(recording) for recording in [*recordings, past]] == [expected] * 3


def test_going_on_without_what_one_recording_misses(session, game, monkeypatch):
    good, bad = session.record("good"), session.record("bad")
    now = session.timestamp()
    with monkeypatch.context() as patch:
        break_in(bad, "append", patch)
        with pytest.raises(WriteFailed):
            game.append(now, "entry")
    game.append(now + 1, "after")
    with pytest.raises(InvalidArgument, match="does not come after"):
        game.append(now, "entry")
    assert (values(good), values(bad)) == (["entry", "after"], ["after"])


def test_an_entry_that_none_took_is_not_consumed(session, game, monkeypatch):
    recording = session.record()
    now = session.timestamp()
    with monkeypatch.context() as patch:
        break_in(recording, "append", patch)
        with pytest.raises(WriteFailed) as caught:
            game.append(now, "entry")
        assert not hasattr(caught.value, "__notes__")
    game.append(now, "another")
    past = session.record("past", from_timestamp=now)
    assert values(recording) == values(past) == ["another"]


@pytest.mark.parametrize("bad", [0, 1])
def test_attributes_that_one_recording_misses(session, game, monkeypatch, bad):
    recordings = [session.record("a"), session.record("b")]
    with monkeypatch.context() as patch:
        break_in(recordings[bad], "update_attributes", patch)
        with pytest.raises(WriteFailed, match="full"):
            game.set_attribute("score", 1)
    assert recordings[1 - bad].data_streams.game.application == {"score": 1}
    game.set_attribute("score", 1)
    assert [application(recording) for recording in recordings] == [{"score": 1}] * 2


@pytest.mark.parametrize(
    ("timestamp", "data", "error"),
    [
        (1.5, 1, WrongType),
        ("1", 1, WrongType),
        (None, 1, WrongType),
        (True, 1, WrongType),
        (2**63, 1, InvalidArgument),
        (10**9, {1, 2}, LongtakeError),
        (10**9, object(), LongtakeError),
        (0, 1, InvalidArgument),  # before the recording began
    ],
)
def test_what_is_refused_is_nowhere(session, game, timestamp, data, error):
    recording = session.record()
    with pytest.raises(error):
        game.append(timestamp, data)
    game.append(session.timestamp(), "good")
    assert values(recording) == ["good"]


@pytest.mark.parametrize("given", [5, {"a": {1}}, {5: 1}, ["a"], {"a": "x" * 100_000}])
def test_attributes_that_cannot_be_kept(session, game, given):
    recording = session.record()
    with pytest.raises((WrongType, InvalidArgument)):
        game.update_attributes(given)
    with pytest.raises((WrongType, InvalidArgument)):
        session.create_data_stream("other", given)
    session.create_data_stream("other")
    assert application(recording) == game.attributes == {"score": 0}


@pytest.mark.parametrize("how", ["by itself", "by the client", "in time"])
def test_a_client_need_not_know_when_a_recording_stops(tmp_path, how):
    """It appends while the recording goes on; what was appended by then is there."""
    with rig.open(Device()) as session:
        game = session.create_data_stream("game")
        for attempt in range(6):
            frames = 20 if how == "by itself" else None
            recording = session.record(f"{attempt}", tmp_path, stop_after_frames=frames)
            if how == "by the client":
                threading.Timer(0.02, recording.stop).start()
            elif how == "in time":
                recording.stop_after_seconds(0.02)
            count = 0
            while not recording.has_stopped():
                game.append(session.timestamp(), count)
                game.set_attribute("count", count)
                count += 1
            assert recording.wait_until_stopped(60) is True
            assert values(recording) in (list(range(count)), list(range(count - 1)))
