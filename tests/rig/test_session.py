"""Recordings of a session: what they hold, and when they begin and end."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import longtake.rig as rig
from longtake.errors import (
    AlreadyExists,
    Closed,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    NotFound,
    WriteFailed,
    WrongType,
)
from longtake.rig import RigRecording, SimulatedArray, backlog
from longtake.rig.clock import Clock
from longtake.streams.data_stream import DataStream
from tests.rig.devices import Device

START = 70_000
SECOND = 25_000


def source() -> SimulatedArray:
    made = SimulatedArray(seed=3, channels=4, start=START, spike_rate_hz=100)
    for frame in range(START, START + 200_000, 500):
        made.stim(1, frame)
    return made


EVERYTHING = source().read(100_000)


@pytest.fixture
def session(tmp_path, monkeypatch):
    """One that remembers a second, of which two have passed."""
    monkeypatch.chdir(tmp_path)
    with rig.open(source(), accelerated=True, backlog_seconds=1) as made:
        made.record("before", stop_after_frames=2 * SECOND).wait_until_stopped()
        yield made


def opened(recording):
    recording.wait_until_stopped()
    return recording.open()


def require_contents(recording, first: int, last: int, *, is_stopped: bool = False) -> None:
    """A recording has all that there was from one frame to another.

    One that was stopped at a moment may lack the spikes that are known later.
    """
    assert recording.start_timestamp == first
    with opened(recording) as view:
        attributes = view.attributes
        assert (attributes.start_timestamp, attributes.end_timestamp) == (first, last)
        assert attributes.duration_frames == last - first
        samples = EVERYTHING.samples[first - START : last - START]
        np.testing.assert_array_equal(view.samples[:], samples)
        for found, rows in ((view.spikes, EVERYTHING.spikes), (view.stims, EVERYTHING.stims)):
            times = rows["timestamp"]
            expected = rows[(times >= first) & (times < last)].copy()
            expected["timestamp"] -= first
            if is_stopped:
                assert (expected["timestamp"][len(found) :] > last - first - 50).all()
                expected = expected[: len(found)]
            np.testing.assert_array_equal(found[:], expected)
            assert last - first < 1000 or len(found) > 1


@pytest.mark.parametrize("ago", [0, 1, 249, 250, 5000, SECOND - 1, SECOND])
def test_a_recording_can_begin_in_the_past(session, ago):
    position = session._position
    recordings = [session.record("a", from_frames_ago=ago, stop_after_frames=3000)]
    start = position - ago
    assert recordings[0].start_timestamp >= start  # one more block was read, perhaps
    start = recordings[0].start_timestamp
    require_contents(recordings[0], start, start + ago + 3000)


def test_seconds_frames_and_a_timestamp(session):
    with session._turn:  # so that no time passes between them
        now = session._position
        a = session.record("a", from_seconds_ago=0.2, stop_after_seconds=0.1)
        b = session.record("b", from_frames_ago=np.int64(5000), stop_after_frames=2500)
        c = session.record("c", from_timestamp=now - 5000, stop_after_frames=2500)
        d = session.record("d", stop_after_frames=2500)
    for recording in (a, b, c):
        require_contents(recording, now - 5000, now + 2500)
    require_contents(d, now, now + 2500)


def test_a_recording_begins_at_a_frame_that_is_not_read_yet(session):
    """As `timestamp` gives it: time is ahead of the frames that were read."""
    with session._turn:
        now = session._position
        times = [session.timestamp() for _ in range(700)]
        recordings = [
            session.record(f"{n}", from_timestamp=times[n], stop_after_frames=2500)
            for n in (1, 249, 250, 251, 699)
        ]
    for recording in recordings:
        start = recording.start_timestamp
        require_contents(recording, start, max(now, start) + 2500)


@pytest.mark.parametrize(
    ("when", "error", "message"),
    [
        ({"from_frames_ago": 40_000}, InvalidArgument, r"remembers the frames from \d+ on"),
        ({"from_seconds_ago": 1.5}, InvalidArgument, "larger backlog_seconds"),
        ({"from_timestamp": START}, InvalidArgument, f"cannot begin at {START}: "),
        ({"from_timestamp": START - 1}, InvalidArgument, "cannot begin at"),
        ({"from_timestamp": 2**62}, InvalidArgument, "which is to come"),
        ({"from_frames_ago": -1}, InvalidArgument, "from_frames_ago must be 0 or more"),
        ({"from_frames_ago": 1.5}, InvalidArgument, "from_frames_ago"),
        ({"from_seconds_ago": -0.1}, InvalidArgument, "from_seconds_ago is 0 or more"),
        ({"from_seconds_ago": float("nan")}, InvalidArgument, "from_seconds_ago is 0 or more"),
        ({"from_seconds_ago": float("inf")}, InvalidArgument, "from_seconds_ago is 0 or more"),
        ({"from_seconds_ago": "1"}, WrongType, "from_seconds_ago is a number"),
        ({"from_timestamp": "1"}, WrongType, "from_timestamp is a whole number"),
        ({"from_frames_ago": 1, "from_timestamp": 1}, InvalidArgument, "give one of them"),
        ({"from_frames_ago": 0, "from_seconds_ago": 0}, InvalidArgument, "give one of them"),
        ({"stop_after_seconds": float("inf")}, InvalidArgument, "stop_after_seconds is 0 or more"),
        ({"stop_after_seconds": "1"}, WrongType, "stop_after_seconds is a number"),
        ({"stop_after_frames": 0}, InvalidArgument, "at least one"),
        ({"include_data_streams": ["none"]}, InvalidArgument, "no data stream 'none'"),
        ({"exclude_data_streams": ["none"]}, InvalidArgument, "no data stream 'none'"),
        ({"include_data_streams": "ab"}, WrongType, "include_data_streams is a list of names"),
        ({"include_data_streams": 5}, WrongType, "include_data_streams is a list of names"),
        ({"exclude_data_streams": "ab"}, WrongType, "exclude_data_streams is a list of names"),
        ({"exclude_data_streams": [["a"]]}, InvalidArgument, r"no data stream \['a'\]"),
        ({"stop_after_frames": 100.5}, InvalidArgument, "stop_after_frames is a whole number"),
        ({"stop_after_seconds": float("nan")}, InvalidArgument, "stop_after_seconds is 0 or more"),
        ({"stop_after_seconds": 1, "stop_after_frames": 1}, InvalidArgument, "one of them"),
        ({"attributes": {"a": {1, 2}}}, LongtakeError, "'a'"),
        ({"attributes": 5}, WrongType, "attributes are a dict"),
        ({"file_suffix": "a/b"}, InvalidArgument, "file_suffix"),
        ({"file_suffix": "a\0b"}, InvalidArgument, "file_suffix"),
        ({"file_suffix": "\ud800"}, InvalidArgument, "file_suffix"),
        ({"file_suffix": 5}, WrongType, "file_suffix is text"),
        ({"file_location": 5}, WrongType, "file_location is the path of a folder, not 5"),
        ({"file_location": "a\0b"}, InvalidArgument, "file_location"),
    ],
)
def test_what_cannot_be_recorded_makes_no_file(session, tmp_path, when, error, message):
    there = set(tmp_path.iterdir())
    with pytest.raises(error, match=message):
        session.record(**{"file_location": tmp_path / "new", **when})
    assert set(tmp_path.iterdir()) == there


def test_a_session_that_remembers_nothing(tmp_path):
    with rig.open(accelerated=True, backlog_seconds=0) as session:
        session.record(file_location=tmp_path, stop_after_frames=500).wait_until_stopped()
        with pytest.raises(InvalidArgument, match="the last 0"):
            session.record(file_location=tmp_path, from_frames_ago=1)
    with pytest.raises(InvalidArgument, match="backlog_seconds is 0 or more, not -1"):
        rig.open(backlog_seconds=-1)


def test_entries_of_the_past_are_recorded_when_it_is(session):
    game = session.create_data_stream("game", attributes={"score": [0]})
    other = session.create_data_stream("other")
    with session._turn:
        now = session._position
        for key in (now - 400, now - 300, now - 200, now + 7):
            game.append(key, {"key": key})
        other.append(now - 100, "other")
        past = session.record("a", from_frames_ago=300, stop_after_frames=2500)
        present = session.record("b", stop_after_frames=2500)
        some = session.record(
            "c", from_frames_ago=300, stop_after_frames=2500, exclude_data_streams=["other"]
        )
        game.append(now + 8, "then")
    with opened(past) as view:
        streams = view.data_streams
        expected = [(0, now - 300), (100, now - 200), (307, now + 7)]
        found = list(streams.game.items())
        assert found == [*((at, {"key": key}) for at, key in expected), (308, "then")]
        assert list(streams.other.items()) == [(200, "other")]
        assert streams.game.attributes.application == {"score": [0]}
    with opened(present) as view:
        assert list(view.data_streams.game.items()) == [(8, "then")]
    with opened(some) as view:
        assert list(view.data_streams) == ["game"]


def test_entries_that_were_forgotten_are_not_missing_in_silence(session, monkeypatch, tmp_path):
    monkeypatch.setattr(backlog, "_MOST_BYTES", 1000)
    game = session.create_data_stream("game")
    with session._turn:
        now = session._position
        for key in range(now - 20, now):
            game.append(key, "x")
        with pytest.raises(InvalidArgument, match=f"'game': its entries up to {now - 5} are no"):
            session.record("a", tmp_path / "new", from_frames_ago=5)
        assert not (tmp_path / "new").exists()
        with_it = session.record("a", from_frames_ago=4, stop_after_frames=9)
        without = session.record(
            "b", from_frames_ago=20, stop_after_frames=9, exclude_data_streams=["game"]
        )
    with opened(with_it) as view:
        assert list(view.data_streams.game.values()) == ["x"] * 4
    require_contents(without, now - 20, now + 9)


def test_a_stream_keeps_attributes_of_its_own(session):
    scores = [0]
    game = session.create_data_stream("game", attributes={"scores": scores})
    scores.append(1)
    game.set_attribute("more", scores)
    scores.append(2)
    game.attributes["more"].append(3)
    with opened(session.record(stop_after_frames=1)) as view:
        assert view.data_streams.game.attributes.application == {"scores": [0], "more": [0, 1]}


def test_a_recording_that_cannot_begin_leaves_the_others(session, monkeypatch):
    game = session.create_data_stream("game")
    going_on = session.record("a")

    def full(*_):
        raise WriteFailed("full")

    game.append(session.timestamp(), 1)
    with monkeypatch.context() as patch:
        patch.setattr(DataStream, "append_many", full)
        with pytest.raises(WriteFailed, match="full"):
            session.record("b", from_frames_ago=9)
    game.append(session.timestamp(), 2)
    going_on.stop()
    with opened(going_on) as view:
        assert list(view.data_streams.game.values()) == [1, 2]


class ByHand(Clock):
    """Time that a test lets pass."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.now = start
        self.moved = threading.Condition()

    def timestamp(self) -> int:
        return self.now

    def wait_until(self, timestamp: int) -> None:
        with self.moved:
            self.moved.wait_for(lambda: self.now >= timestamp, timeout=60)

    def go_to(self, timestamp: int) -> None:
        with self.moved:
            self.now = timestamp
            self.moved.notify_all()


def test_a_session_remembers_what_nobody_recorded(tmp_path):
    clock = ByHand(START)
    was_read = threading.Condition()

    class Told(SimulatedArray):
        def read(self, frames):
            block = super().read(frames)
            with was_read:
                was_read.notify_all()
            return block

    array = Told(seed=3, channels=4, start=START, spike_rate_hz=100)
    for frame in range(START, START + 200_000, 500):
        array.stim(1, frame)
    with rig.Session(array, clock, 0.5) as session:
        with was_read:
            clock.go_to(START + 20_000)
            assert was_read.wait_for(lambda: array._position >= START + 20_000, timeout=60)
        recording = session.record(
            file_location=tmp_path, from_seconds_ago=0.4, stop_after_seconds=0.1
        )
        clock.go_to(START + 40_000)
        require_contents(recording, START + 10_000, START + 22_500)
        clock.go_to(2**40)


def test_stopped_at_any_moment_a_recording_is_whole(session):
    """Also in the midst of a block, which comes from another thread."""
    for _ in range(30):
        recording = session.record()
        session._clock.wait_until(session._position + 300)
        recording.stop()
        with opened(recording) as view:
            start, frames = recording.start_timestamp, view.attributes.duration_frames
        require_contents(recording, start, start + frames, is_stopped=True)


@pytest.mark.parametrize("what", ["append", "attribute", "create"])
def test_a_recording_that_stops_meanwhile_is_no_error(session, monkeypatch, what):
    """Clients need not know when a recording is over."""
    game = session.create_data_stream("game")
    over, going_on = session.record("over"), session.record("going on")
    asked = over.has_stopped
    over.stop()
    # As if it had stopped just after it was asked, and the session had not noticed.
    monkeypatch.setattr(over, "has_stopped", lambda: False)
    with session._turn:
        session._recordings.append(over)
        if what == "append":
            game.append(session.timestamp(), 5)
        elif what == "attribute":
            game.set_attribute("score", 5)
        else:
            session.create_data_stream("new").append(session.timestamp(), 5)
        session._recordings.remove(over)
    monkeypatch.setattr(over, "has_stopped", asked)
    going_on.stop()
    with opened(going_on) as view:
        streams = view.data_streams
        if what == "attribute":
            assert streams.game.attributes.application == {"score": 5}
        else:
            assert list(streams["game" if what == "append" else "new"].values()) == [5]


def test_a_folder_that_is_none(session, tmp_path):
    (tmp_path / "file").write_text("precious")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotFound, match="a file is in the way"):
            session.record(file_location=folder)
    with pytest.raises(LongtakeError):
        session.record(file_location="/proc/none/such")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_folder_that_is_not_ours(session, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refused)
    with pytest.raises(NoPermission, match="cannot be made") as caught:
        session.record(file_location="new")
    assert caught.value.errno == 13


def test_a_name_that_is_too_long(session):
    with pytest.raises(InvalidArgument, match="too long"):
        session.record("x" * 300)


def test_what_is_left_out(session):
    for name in ("a", "b", "c"):
        session.create_data_stream(name)
    wanted = {
        "abc": {},
        "a": {"include_data_streams": ["a"]},
        "ab": {"include_data_streams": {"a", "b", "c"}, "exclude_data_streams": ["c"]},
        "bc": {"exclude_data_streams": ("a",)},
        "": {"include_data_streams": False},
        "c": {"include_data_streams": ["c"], "include_spikes": False, "include_stims": False},
        "ac": {"exclude_data_streams": ["b"], "include_raw_samples": False},
    }
    for names, asked in wanted.items():
        with opened(session.record(f"x{names}", stop_after_frames=50, **asked)) as view:
            assert "".join(view.data_streams) == names
            assert (view.samples is None) == (names == "ac")
            assert (view.spikes is None) == (view.stims is None) == (names == "c")


@pytest.mark.parametrize("closed_by", ["block", "call"])
def test_closing_completes_what_goes_on(tmp_path, closed_by):
    device = Device()
    with rig.open(device, accelerated=True) as session:
        recordings = [session.record(name, tmp_path) for name in "ab"]
        if closed_by == "call":
            session.close()
            session.close()
    for recording in recordings:
        assert recording.wait_until_stopped() is True
        with recording.open() as view:
            assert view.state == "complete"
            assert len(view.samples) == view.attributes.duration_frames
    for act in (session.record, lambda: session.create_data_stream("s"), lambda: session.stim(1)):
        with pytest.raises(Closed, match="the session is closed"):
            act()
    assert device.closed >= 1


def test_an_error_in_the_block_aborts(tmp_path):
    device = Device()
    with pytest.raises(ZeroDivisionError), rig.open(device, accelerated=True) as session:  # noqa: PT012
        over = session.record("over", tmp_path, stop_after_frames=5)
        over.wait_until_stopped()
        recording = session.record("on", tmp_path)
        raise ZeroDivisionError
    assert recording.wait_until_stopped() is True
    assert [made.open().state for made in (over, recording)] == ["complete", "aborted"]
    assert device.closed == 1


def test_closing_goes_on_when_a_recording_cannot_be_finished(tmp_path, monkeypatch):
    device = Device()
    with pytest.raises(WriteFailed, match="full"), rig.open(device, accelerated=True) as session:  # noqa: PT012
        recordings = [session.record(name, tmp_path) for name in "abc"]
        close = recordings[1]._file.close

        def full(*_):
            close()
            raise WriteFailed("full")

        monkeypatch.setattr(recordings[1]._file, "close", full)
    assert device.closed == 1
    assert all(recording.has_stopped() for recording in recordings)
    assert [recordings[n].open().state for n in (0, 2)] == ["complete"] * 2
    with pytest.raises(WriteFailed, match="full"):
        recordings[1].wait_until_stopped()


def test_one_recording_that_fails_leaves_the_other(tmp_path, monkeypatch):
    """Also if it cannot even be closed."""
    with rig.open(Device(), accelerated=True) as session:
        with session._turn:
            bad, good = session.record("bad", tmp_path), session.record("good", tmp_path)

            def full(*_):
                raise WriteFailed("full")

            close = bad._file.close
            monkeypatch.setattr(bad._parts["samples"], "append", full)
            monkeypatch.setattr(bad._file, "close", full)
        with pytest.raises(WriteFailed, match="full"):
            bad.wait_until_stopped(60)
        session.record("third", tmp_path, stop_after_frames=500).wait_until_stopped()
        close()
        good.stop()
    with good.open() as view:
        assert len(view.samples) == view.attributes.duration_frames > 0


def test_a_source_that_ends(tmp_path):
    """Its recordings are complete, and there is nothing to record from then on."""
    device = Device(ends=105)
    with rig.open(device, accelerated=True) as session:
        recording = session.record("a", tmp_path, stop_after_frames=9999)
        assert recording.wait_until_stopped(60) is True
        session._reader.join(20)
        assert not session._reader.is_alive()
        reads = device.reads
        with pytest.raises(InvalidArgument, match="the source ended at 605: there is nothing"):
            session.record("b", tmp_path)
        past = session.record("c", tmp_path, from_frames_ago=30)
        assert past.wait_until_stopped(60) is True
        session.create_data_stream("late").append(session.timestamp(), 1)
        assert device.reads == reads
    with recording.open() as view:
        assert view.state == "complete"
        assert view.samples[:, 0].tolist() == list(range(105))
    with past.open() as view:
        assert view.state == "complete"
        assert view.samples[:, 0].tolist() == list(range(75, 105))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_source_that_ends_before_anything_is_recorded(tmp_path):
    with rig.open(Device(ends=0), accelerated=True) as session:
        with opened(session.record("a", tmp_path, stop_after_frames=1)) as view:
            assert (view.state, len(view.samples)) == ("complete", 0)
        with pytest.raises(InvalidArgument, match="the source ended at 500"):
            session.record("b", tmp_path)


def test_a_source_that_fails(tmp_path):
    with rig.open(Device(fails=100), accelerated=True) as session:
        recordings = [session.record(name, tmp_path, stop_after_frames=9999) for name in "ab"]
        for recording in recordings:
            with pytest.raises(LongtakeError, match="RuntimeError: the cable is out") as caught:
                recording.wait_until_stopped(60)
            assert isinstance(caught.value.__cause__, RuntimeError)
        session._reader.join(20)
        for act in (
            lambda: session.record("c", tmp_path),
            lambda: session.create_data_stream("s"),
        ):
            with pytest.raises(LongtakeError, match="the source failed after frame 600"):
                act()
    for recording in recordings:
        with recording.open() as view:
            assert view.state == "aborted"
            assert view.samples[:, 0].tolist() == list(range(100))[: len(view.samples)]
            assert len(view.samples) == view.attributes.duration_frames
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("attempt", range(3))
def test_a_stream_is_created_after_a_recording_was_stopped(tmp_path, attempt):
    """In real time, when the session has not noticed yet."""
    with rig.open(Device()) as session:
        session.record("a", tmp_path).stop()
        session.create_data_stream("s").append(session.timestamp(), 1)
        with pytest.raises(AlreadyExists, match="'s' already"):
            session.create_data_stream("s")


def test_a_stream_that_could_not_be_created_everywhere_can_be_tried_again(session, monkeypatch):
    good, bad = session.record("good"), session.record("bad")

    def full(*_):
        raise WriteFailed("full")

    with monkeypatch.context() as patch:
        patch.setattr(bad._file, "create_data_stream", full)
        for _ in range(2):
            with pytest.raises(WriteFailed, match="full"):
                session.create_data_stream("game", {"score": 1})
    with opened(session.record("other", stop_after_frames=1)) as view:
        assert list(view.data_streams) == []
    session.create_data_stream("game", {"score": 2}).append(session.timestamp(), "entry")
    for recording in (good, bad):
        recording.stop()
        with opened(recording) as view:
            assert view.data_streams.game.attributes.application == {"score": 2}
            assert list(view.data_streams.game.values()) == ["entry"]


def test_stimulating(session):
    with session._turn:
        recording = session.record(stop_after_frames=3000)
        asked = [session.stim(2), session.stim(3, session._position + 1001)]
    with opened(recording) as view:
        stims = [stim for stim in view.stims[:].tolist() if stim[1] in {2, 3}]
    assert [(at + recording.start_timestamp, channel) for at, channel in stims] == [
        (asked[0], 2),
        (asked[1], 3),
    ]
    for channel, when, error in ((4, None, InvalidArgument), (1, START, InvalidArgument)):
        with pytest.raises(error):
            session.stim(channel, when)
    with pytest.raises(WrongType):
        session.stim("1")


def test_a_source_that_cannot_stimulate():
    with (
        rig.open(Device(), accelerated=True) as session,
        pytest.raises(InvalidArgument, match="a Device cannot stimulate"),
    ):
        session.stim(1)


def test_recordings_of_one_session_are_whole_each(session, tmp_path):
    """They begin and end where they will."""
    with session._turn:
        now = session._position
        recordings = [
            (session.record(f"{n}", stop_after_frames=700 * n), now + 700 * n) for n in range(1, 6)
        ]
        assert all(isinstance(recording, RigRecording) for recording, _ in recordings)
    for recording, end in recordings:
        require_contents(recording, now, end)
    assert not session._recordings or all(not known.is_finished for known in session._recordings)


def test_a_file_that_is_being_closed_holds_up_the_end_only(tmp_path, monkeypatch):
    """Not the other recordings; but once the session is closed, so are its files."""
    with rig.open(Device()) as session:
        slow, other = session.record("slow", tmp_path), session.record("other", tmp_path)
        close, go_on, is_closing = slow._file.close, threading.Event(), threading.Event()

        def closing(attributes):
            is_closing.set()
            assert go_on.wait(60)
            close(attributes)

        monkeypatch.setattr(slow._file, "close", closing)
        stopping = threading.Thread(target=slow.stop)
        stopping.start()
        assert is_closing.wait(60)
        assert session.record("third", tmp_path, stop_after_frames=500).wait_until_stopped(60)
        ending = threading.Thread(target=session.close)
        ending.start()
        assert other.wait_until_stopped(60)
        ending.join(0.2)
        assert ending.is_alive()
        go_on.set()
        for thread in (stopping, ending):
            thread.join(60)
        assert slow.is_finished
