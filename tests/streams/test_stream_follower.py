"""Following one stream: every entry once, in order, whatever its writer does meanwhile."""

from __future__ import annotations

import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

import longtake as lt
from longtake.errors import (
    Closed,
    DamagedFile,
    FileChangedElsewhere,
    InvalidArgument,
    NothingCame,
    WriterDied,
    WrongType,
)
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.cursor import Cursor
from longtake.streams.stream_follower import BatchFollower, StreamFollower
from tests.streams.damage import damage
from tests.streams.kinds import KINDS, same
from tests.streams.small_chunks import grow_often
from tests.streams.unsynced import do_not_sync

DEADLINE_S = 60


class Asked:
    """A follower, and what it has to give."""

    def __init__(self, name: str, follower: StreamFollower, least: int | None, row: int) -> None:
        self.name, self.follower, self.least, self.row = name, follower, least, row
        self.is_batched = isinstance(follower, BatchFollower)

    def take_in(self, stored: list[tuple[int, Any]], most: int) -> bool:
        """Ask so many times; say whether there was something each time."""
        for _ in range(most):
            try:
                given = next(self.follower)
            except NothingCame:
                assert not self._rest(stored), "it says that nothing came, and something did"
                return False
            entries = given if self.is_batched else [given]
            assert entries
            for entry in entries:
                expected = self._rest(stored)[0]
                self.row = stored.index(expected, self.row) + 1
                assert entry[0] == expected[0]
                assert same(entry[1], expected[1]), (self.name, entry[0])
        return True

    def take_in_all(self, stored: list[tuple[int, Any]]) -> None:
        """Everything that is left, then the end."""
        with pytest.raises(StopIteration):
            self.take_in(stored, len(stored) + 1)
        assert not self._rest(stored)

    def _rest(self, stored: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        rest = stored[self.row :]
        return rest if self.least is None else [e for e in rest if e[0] >= self.least]


class Stored(tuple):
    """A key and its value, equal to no other."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Following(RuleBasedStateMachine):
    """Streams of all kinds are written, their writer comes and goes, and followers are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        do_not_sync(self.patch)
        grow_often(self.patch, 16, 512)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "run.h5"
        self.file = StreamFile.create(self.path)
        self.view = StreamFileView(self.path)
        self.views = [self.view]
        self.stored: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[Asked] = []
        self.count = 0

    def teardown(self) -> None:
        try:
            self.file.close()
            for asked in self.asked:
                asked.take_in_all(self.stored[asked.name])
        finally:
            with suppress(Exception):
                self.file.close()
            for view in self.views:
                view.close()
            self.patch.undo()
            self.folder.cleanup()

    def writer(self, name: str) -> Any:
        return getattr(self.file, KINDS[name.rstrip("0123456789")].collection)[name]

    def store(self, name: str, key: int, value: Any) -> None:
        self.stored[name].append(Stored((key, value)))

    def value(self, name: str) -> Any:
        """One that no other entry has."""
        self.count += 1
        if name.startswith("record"):
            rows = self.count % 40
            return {"x": np.full(rows, self.count + 0.5), "n": np.full(rows, self.count, "<u2")}
        return KINDS[name.rstrip("0123456789")].value(self.count)

    @rule(kind=st.sampled_from(list(KINDS)))
    def create(self, kind: str) -> None:
        if len(self.stored) < 5:
            name = f"{kind}{len(self.stored)}"
            KINDS[kind].create(self.file, name, None)
            self.stored[name] = []

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), count=st.integers(1, 30), step=st.integers(1, 9))
    def append(self, data: st.DataObject, count: int, step: int) -> None:
        name = data.draw(st.sampled_from(list(self.stored)))
        stream = self.writer(name)
        for _ in range(count):
            key = step + (stream.last_key or 0)
            value = self.value(name)
            stream.append(key, value)
            self.store(name, key, value)

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), count=st.integers(1, 60))
    def append_many(self, data: st.DataObject, count: int) -> None:
        name = data.draw(st.sampled_from(list(self.stored)))
        stream = self.writer(name)
        first = 1 + (stream.last_key or 0)
        keys, values = range(first, first + count), [self.value(name) for _ in range(count)]
        stream.append_many(keys, np.array(values) if name.startswith("frame") else values)
        for key, value in zip(keys, values, strict=True):
            self.store(name, key, value)

    @precondition(lambda self: any(name.startswith("record") for name in self.stored))
    @rule(data=st.data(), key=st.integers(-50, 200), more=st.booleans())
    def put(self, data: st.DataObject, key: int, more: bool) -> None:
        """Replace a value, or put one between others; some have columns that come later."""
        records = [name for name in self.stored if name.startswith("record")]
        name = data.draw(st.sampled_from(records))
        value = self.value(name)
        if more:
            value["later"] = np.full(len(value["x"]), self.count, "<i4")
        self.writer(name).put(key, value)
        self.store(name, key, value)

    @precondition(lambda self: self.stored and len(self.asked) < 6)
    @rule(
        data=st.data(),
        start=st.one_of(st.none(), st.just("now"), st.integers(-10, 300)),
        batch=st.one_of(st.none(), st.integers(1, 100)),
        is_fresh=st.booleans(),
    )
    def follow(self, data: st.DataObject, start: Any, batch: int | None, is_fresh: bool) -> None:
        name = data.draw(st.sampled_from(list(self.stored)))
        if is_fresh:
            self.views.append(StreamFileView(self.path))
        view = self.views[-1]
        view.refresh()
        stream = getattr(view, KINDS[name.rstrip("0123456789")].collection)[name]
        follower = stream.follow(start, batch=batch, timeout=0)
        row = len(self.stored[name]) if start == "now" else 0
        least = start if isinstance(start, int) else None
        self.asked.append(Asked(name, follower, least, row))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), most=st.integers(1, 200))
    def ask(self, data: st.DataObject, most: int) -> None:
        asked = data.draw(st.sampled_from(self.asked))
        asked.take_in(self.stored[asked.name], most)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def lag(self, data: st.DataObject) -> None:
        asked = data.draw(st.sampled_from(self.asked))
        if asked.least is None:
            assert asked.follower.lag.entries == len(self.stored[asked.name]) - asked.row

    @rule()
    def close_and_go_on(self) -> None:
        self.file.close()
        self.file = StreamFile.open(self.path)

    @rule()
    def die_and_go_on(self) -> None:
        self.file._file.abandon()
        if self.asked:
            asked = self.asked[0]
            stored = self.stored[asked.name]
            with pytest.raises((WriterDied, StopIteration)) as ended:
                asked.take_in(stored, len(stored) + 1)
            if ended.type is StopIteration:  # nothing was done since it was opened
                self.asked.remove(asked)
            assert not asked._rest(stored)
        self.file = StreamFile.open(self.path)


Following.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestFollowing = Following.TestCase


@pytest.fixture
def file(tmp_path):
    made = StreamFile.create(tmp_path / "f.h5")
    yield made
    made.close()


@pytest.fixture
def view(file):
    with StreamFileView(file.path) as opened:
        yield opened


def follow(view: StreamFileView, name: str = "s", **options: Any) -> Any:
    """Follow a data stream."""
    view.refresh()
    return view.data_streams[name].follow(**options)


def test_the_end_comes_when_the_writer_has_finished_and_all_was_given(file, view):
    stream = file.create_data_stream("s")
    follower = follow(view)
    stream.append(1, "one")
    assert next(follower) == (1, "one")
    stream.append(2, "two")
    file.close()
    assert list(follower) == [(2, "two")]
    assert list(follower) == []


def test_a_writer_that_died_is_told_of_after_all_that_it_wrote(file, view):
    stream = file.create_data_stream("s")
    stream.append(1, "one")
    follower, batches = follow(view), follow(view, batch=10)
    file._file.abandon()
    assert next(follower) == (1, "one")
    assert next(batches) == [(1, "one")]
    for each in (follower, batches, follower):
        with pytest.raises(WriterDied, match="ended without finishing it"):
            next(each)
    with StreamFile.open(file.path) as again:
        again.data_streams["s"].append(2, "two")
        assert next(follower) == (2, "two")
    assert list(follower) == []
    assert list(batches) == [[(2, "two")]]


def test_nothing_came_in_time_and_then_it_did(file, view):
    stream = file.create_data_stream("s")
    follower = follow(view, timeout=0.02)
    with pytest.raises(NothingCame, match=r"nothing came within 0.02 s in 's', after 0 entries"):
        next(follower)
    stream.append(1, "one")
    assert next(follower) == (1, "one")


def test_who_is_stopped_gives_nothing_more(file, view):
    stream = file.create_data_stream("s")
    stream.append(1, 1)
    follower = follow(view)
    follower.stop()
    assert list(follower) == []
    waiting, found = follow(view, start="now"), []
    thread = threading.Thread(target=lambda: found.append(list(waiting)))
    thread.start()
    waiting.stop()
    thread.join(DEADLINE_S)
    assert found == [[]]


def test_a_batch_is_what_is_there_but_no_more_than_was_asked_for(file, view):
    stream = file.create_data_stream("s")
    follower = follow(view, batch=3, timeout=0)
    for key in range(5):
        stream.append(key, key)
    assert [[key for key, _ in next(follower)] for _ in range(2)] == [[0, 1, 2], [3, 4]]
    with pytest.raises(NothingCame):
        next(follower)


def test_a_batch_that_was_interrupted_loses_nothing(file, view, monkeypatch):
    stream = file.create_data_stream("s")
    for key in range(5):
        stream.append(key, key)
    follower = follow(view, batch=4, timeout=0)
    take, left = Cursor.take, [True, True, False]

    def interrupted(cursor):
        if left and not left.pop(0):
            raise KeyboardInterrupt
        return take(cursor)

    monkeypatch.setattr(Cursor, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(follower)
    assert [[key for key, _ in next(follower)] for _ in range(2)] == [[0, 1, 2, 3], [4]]


@pytest.mark.parametrize("bad", [1, 3])
def test_a_batch_with_a_damaged_entry_loses_none_of_the_others(file, view, bad):
    stream = file.create_data_stream("s")
    for key in range(5):
        stream.append(key, f"entry {key}")
    damage(file.path, f"entry {bad}".encode())
    follower = follow(view, batch=100, timeout=0)
    assert [key for key, _ in next(follower)] == list(range(bad))
    with pytest.raises(DamagedFile, match=f"data of {bad} "):
        next(follower)
    assert [key for key, _ in next(follower)] == list(range(bad + 1, 5))


def test_a_batch_that_begins_with_a_damaged_entry(file, view):
    stream = file.create_data_stream("s")
    for key in range(3):
        stream.append(key, f"entry {key}")
    damage(file.path, b"entry 0")
    follower = follow(view, batch=100, timeout=0)
    with pytest.raises(DamagedFile):
        next(follower)
    assert [key for key, _ in next(follower)] == [1, 2]


def test_followers_of_one_view_and_its_reader_do_not_disturb_each_other(file, view):
    stream = file.create_frame_stream("s", (2,), "u1")
    view.refresh()
    found = view.frame_streams["s"]
    followers = [found.follow(timeout=0) for _ in range(3)]
    for key in range(50):
        stream.append(key, np.full(2, key, "u1"))
        assert len(found) == key + 1
        assert next(followers[key % 2])[0] == key // 2
    assert [key for key, _ in (next(followers[2]) for _ in range(50))] == list(range(50))


def test_a_follower_is_right_though_the_file_was_closed_and_gone_on_with(tmp_path, monkeypatch):
    """What was allocated ahead, and given up, holds something else by then."""
    do_not_sync(monkeypatch)
    grow_often(monkeypatch, 16, 512)
    path, frame = tmp_path / "f.h5", np.zeros(8, "i8")
    with StreamFile.create(path) as file:
        stream = file.create_frame_stream("s", (8,), "i8", checksum=False)
        for key in range(16):  # as many as a chunk of the index has
            stream.append(key, frame + key)
        view = StreamFileView(path)
        found = view.frame_streams["s"]
        asked, looked = found.follow(batch=5, timeout=0), found.follow(timeout=0)
        assert [key for key, _ in next(asked)] == [0, 1, 2, 3, 4]
        assert next(looked)[0] == 0
    with StreamFile.open(path) as file:
        for number in range(6):
            other = file.create_frame_stream(f"t{number}", (8,), "i8", checksum=False)
            for key in range(40):
                other.append(1000 + key, frame - 1)
        stream = file.frame_streams["s"]
        for key in range(16, 60):
            stream.append(key, frame + key)
        assert looked.lag.entries == 59
        rest = [entry for batch in until_nothing_comes(asked) for entry in batch]
        for entries, first in ((rest, 5), (until_nothing_comes(looked), 1)):
            assert [key for key, _ in entries] == list(range(first, 60))
            assert all((value == key).all() for key, value in entries)
    view.close()


def until_nothing_comes(follower: Any) -> list[Any]:
    """Give what is there."""
    given = []
    with suppress(NothingCame):
        while True:
            given.append(next(follower))
    return given


def test_a_file_that_another_program_overwrites_is_told_of(file, view):
    stream = file.create_data_stream("s")
    for key in range(10):
        stream.append(key, key)
    follower, batches = follow(view), follow(view, batch=3)
    assert next(follower) == (0, 0)
    file.path.write_bytes(b"something else")
    for each in (follower, batches, follower):
        with pytest.raises(FileChangedElsewhere, match=r"overwritten .*f.h5 since it was opened"):
            list(each)  # what was read before may be given yet
    with suppress(lt.LongtakeError):
        file.close()


def test_a_view_that_was_closed_is_followed_no_more(file, view):
    file.create_data_stream("s").append(1, 1)
    follower = follow(view)
    view.close()
    for _ in range(2):
        with pytest.raises(Closed, match="was closed"):
            next(follower)


def test_a_packed_recording_is_followed_to_its_end(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        frames = recording.create_frame_stream("s", (2, 2), "u1")
        for key in range(20):
            frames.append(10 * key, np.full((2, 2), key, "u1"))
    lt.pack(tmp_path / "run.h5", tmp_path / "packed.h5")
    with lt.open(tmp_path / "packed.h5") as view:
        follower = view.frame_streams.s.follow(start=55)
        assert [(key, int(frame[0, 0])) for key, frame in follower] == [
            (10 * n, n) for n in range(6, 20)
        ]
        view.close()
        with pytest.raises(Closed):
            next(view.frame_streams.s.follow())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"start": "end"}, InvalidArgument),
        ({"start": 1.5}, WrongType),
        ({"timeout": -1}, InvalidArgument),
        ({"timeout": float("nan")}, InvalidArgument),
        ({"timeout": "1"}, WrongType),
        ({"batch": 0}, InvalidArgument),
        ({"batch": 1.5}, InvalidArgument),
        ({"batch": "2"}, WrongType),
        ({"poll": -0.1}, InvalidArgument),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(file, view, options, error):
    file.create_data_stream("s")
    with pytest.raises(error):
        follow(view, **options)


def test_a_stream_is_not_followed_by_the_object_that_writes_it(file):
    with pytest.raises(InvalidArgument, match=r"recording.open\(\)"):
        file.create_data_stream("s").follow()
