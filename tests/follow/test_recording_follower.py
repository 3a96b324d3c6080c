"""Following a recording: its streams merged by key, whatever comes between two looks."""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import longtake as lt
from longtake.errors import (
    Closed,
    DamagedFile,
    FileChangedElsewhere,
    InvalidArgument,
    KeyNotFound,
    NotFound,
    NothingCame,
    WriterDied,
    WrongType,
)
from longtake.follow import Entry, RecordingFollower
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.cursor import Cursor
from tests.streams.damage import damage
from tests.streams.kinds import KINDS, same
from tests.streams.small_chunks import grow_often
from tests.streams.unsynced import do_not_sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEADLINE_S = 60


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


@pytest.fixture
def file(path):
    made = StreamFile.create(path)
    yield made
    with suppress(lt.LongtakeError):
        made.close()


def drain(follower: RecordingFollower) -> list[Entry]:
    """Give what is there now."""
    given: list[Entry] = []
    with suppress(NothingCame):
        given.extend(iter_into(given, follower))
    return given


def iter_into(given: list[Entry], follower: Iterable[Entry]) -> list[Entry]:
    """Add what a follower gives as it comes; then nothing is left to add."""
    for entry in follower:
        given.append(entry)
    return []


def keys_of(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    return [(entry.stream, entry.key) for entry in entries]


class Writer:
    """Appends to streams of all kinds, with keys that only ever ascend, also those of others."""

    def __init__(self, file: StreamFile) -> None:
        self.file = file
        self.stored: list[tuple[str, int]] = []
        self._streams: dict[str, Any] = {}

    def append(self, name: str) -> None:
        """Append to a stream of this name, which begins with its kind; make it first."""
        kind = KINDS[name.rstrip("0123456789")]
        if name not in self._streams:
            self._streams[name] = kind.create(self.file, name, None)
        key = len(self.stored)
        self._streams[name].append(key, kind.value(key))
        self.stored.append((name, key))


def value_of(entry: Entry) -> Any:
    """Give what was stored."""
    return KINDS[entry.stream.rstrip("0123456789")].value(entry.key)


NAMES = [f"{kind}{number}" for kind in KINDS for number in range(2)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    appends=st.lists(st.sampled_from(NAMES), max_size=150),
    portions=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    before=st.integers(0, 30),
    wanted=st.lists(st.sampled_from(NAMES), unique=True, max_size=3),
)
def test_what_is_appended_in_the_order_of_its_keys_is_given_in_that_order(
    appends, portions, before, wanted
):
    """Also if it is appended, to new streams too, between a follower's looks at two of them."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        do_not_sync(patch)
        grow_often(patch, 16, 512)
        path, waiting, turns = Path(folder) / "run.h5", deque(appends), deque(portions)
        with StreamFile.create(path) as file:
            writer = Writer(file)

            def write(count: int) -> None:
                for _ in range(min(count, len(waiting))):
                    writer.append(waiting.popleft())

            def between(real: Callable[[Any], Any]) -> Callable[[Any], Any]:
                def wrapped(self: Any) -> Any:
                    turns.rotate()
                    write(turns[0])
                    return real(self)

                return wrapped

            write(before)
            patch.setattr(Cursor, "look", between(Cursor.look))
            patch.setattr(StreamFileView, "refresh", between(StreamFileView.refresh))
            with lt.follow(path, *wanted, timeout=0) as follower:
                found = drain(follower)
                while waiting:
                    write(1)
                    found += drain(follower)
                found += drain(follower)
            expected = [(n, key) for n, key in writer.stored if not wanted or n in wanted]
            assert keys_of(found) == expected
            assert all(same(entry.value, value_of(entry)) for entry in found)


def test_entries_whose_keys_are_not_in_order_are_all_given(file, path):
    """Each stream keeps its order, and none is held back for another."""
    a, b = file.create_data_stream("a"), file.create_record_stream("b", {"x": "u1"})
    with lt.follow(path, timeout=0) as follower:
        for key in (50, 60):
            a.append(key, key)
        assert keys_of(drain(follower)) == [("a", 50), ("a", 60)]
        for key in (10, 5, 70):
            b.put(key, {"x": [1]})
        a.append(65, 65)
        found = keys_of(drain(follower))
        assert [entry for entry in found if entry[0] == "b"] == [("b", 10), ("b", 5), ("b", 70)]
        assert ("a", 65) in found
        assert len(found) == 4


@pytest.mark.parametrize("start", [None, "now", 5])
def test_streams_that_are_made_meanwhile_are_followed_from_their_first_entry(file, path, start):
    game = file.create_data_stream("game")
    for key in range(8):
        game.append(key, key)
    with lt.follow(path, start=start, timeout=0) as follower:
        late = file.create_data_stream("late")
        for key in (9, 10):
            late.append(key, key)
            game.append(key, key)
        first = {None: range(8), "now": range(0), 5: range(5, 8)}[start]
        assert keys_of(drain(follower)) == [
            *(("game", key) for key in first),
            *((name, key) for key in (9, 10) for name in ("game", "late")),
        ]
        assert follower.streams == ["game", "late"]


def test_of_a_key_that_begins_later_streams_are_given_from_there(file, path):
    with lt.follow(path, start=100, timeout=0) as follower:
        late = file.create_data_stream("late")
        late.append(99, 0)
        late.append(101, 1)
        assert keys_of(drain(follower)) == [("late", 101)]


def test_the_end_comes_when_all_was_given(file, path):
    file.create_data_stream("a").append(1, 1)
    with lt.follow(path) as follower:
        file.create_data_stream("b").append(2, 2)
        file.close()
        assert list(follower) == [("a", 1, 1), ("b", 2, 2)]
        assert list(follower) == []


def test_a_writer_that_died_is_told_of_when_all_was_given(file, path):
    file.create_data_stream("a").append(1, 1)
    with lt.follow(path) as follower:
        file._file.abandon()
        assert next(follower) == ("a", 1, 1)
        for _ in range(2):
            with pytest.raises(WriterDied):
                next(follower)
        with StreamFile.open(path) as again:
            again.data_streams["a"].append(2, 2)
            again.create_data_stream("b").append(3, 3)
        assert list(follower) == [("a", 2, 2), ("b", 3, 3)]


def test_nothing_came_names_what_is_there_and_what_is_not(file, path):
    file.create_data_stream("a")
    with (
        lt.follow(path, "a", "b", timeout=0.01) as follower,
        pytest.raises(NothingCame, match=r"within 0.01 s in 'a' \(there is no 'b' yet\); whoever"),
    ):
        next(follower)
    with lt.follow(path, timeout=0) as follower, pytest.raises(NothingCame, match="0 s in 'a'; "):
        next(follower)


def test_a_stream_that_never_comes_is_told_of_at_the_end(file, path):
    file.create_data_stream("a").append(1, 1)
    with lt.follow(path, "a", "b") as follower:
        file.close()
        assert next(follower) == ("a", 1, 1)
        with pytest.raises(KeyNotFound, match=r"no stream 'b', and nobody writes it any more"):
            next(follower)


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_of_a_file_that_nobody_writes_a_wrong_name_is_told_of_at_once(file, path, end):
    file.create_data_stream("a").append(1, 1)
    getattr(file if end == "close" else file._file, end)()
    with pytest.raises(KeyNotFound, match=r"no stream 'b', .* there are: 'data_stream/a'"):
        lt.follow(path, "a", "b")


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_damaged_entry_is_told_of_in_its_turn_and_passed(file, path, bad):
    streams = [file.create_data_stream(name) for name in "abc"]
    for key in range(15):
        streams[key % 3].append(key, f"entry <{key}>")
    damage(path, f"entry <{bad}>".encode())
    with lt.follow(path, timeout=0) as follower:
        assert [entry.key for entry in (next(follower) for _ in range(bad))] == list(range(bad))
        with pytest.raises(DamagedFile, match=rf"/data_stream/{'abc'[bad % 3]} the data of {bad} "):
            next(follower)
        assert [entry.key for entry in drain(follower)] == list(range(bad + 1, 15))


def test_a_stream_that_cannot_be_read_does_not_keep_the_others_back(file, path):
    good, bad = file.create_data_stream("good"), file.create_data_stream("bad")
    bad.append(0, 0)
    with lt.follow(path, timeout=0) as follower:
        assert next(follower) == ("bad", 0, 0)
        index = bad.sets[0].index
        row = np.array([(1, 2**40, 2**40 + 1, 5)], index.dtype)
        index.write(1, row.tobytes())
        for key in range(2, 5):
            good.append(key, key)
        assert [next(follower).key for _ in range(3)] == [2, 3, 4]
        with pytest.raises(DamagedFile, match="points at data rows"):
            next(follower)
        good.append(5, 5)
        assert keys_of(drain(follower)) == [("good", 5)]
        assert follower.lag.entries == 0


def test_lag_and_gaps_are_those_of_all_streams(file, path):
    a, b = file.create_frame_stream("a", (1,), "u1"), file.create_data_stream("b")
    with lt.follow(path, timeout=0) as follower:
        assert follower.lag == (0, 0.0)
        for key in (0, 1, 2, 3, 6):
            a.append(key, np.zeros(1, "u1"))
            b.append(key, 0)
        assert follower.lag.entries == 10
        next(follower)
        lag = follower.lag
        assert lag.entries == 9
        assert lag.seconds > 0
        drain(follower)
        assert follower.lag == (0, 0.0)
        assert follower.gaps == {"a": [(3, 6, 2)]}


def test_who_is_stopped_gives_nothing_more(file, path):
    file.create_data_stream("a")
    with lt.follow(path) as follower:
        found: list[list[Entry]] = []
        thread = threading.Thread(target=lambda: found.append(list(follower)))
        thread.start()
        follower.stop()
        thread.join(DEADLINE_S)
        assert found == [[]]


def test_after_close_it_is_closed(file, path):
    follower = lt.follow(path)
    follower.close()
    follower.close()
    with pytest.raises(Closed, match="followed no more"):
        next(follower)
    assert file


def test_a_file_that_another_program_overwrites_is_told_of(file, path):
    for name in "ab":
        stream = file.create_data_stream(name)
        for key in range(10):
            stream.append(key, key)
    with lt.follow(path) as follower:
        next(follower)
        path.write_bytes(bytes(100_000))
        for _ in range(2):
            with pytest.raises(FileChangedElsewhere, match="another program has overwritten"):
                list(follower)


@pytest.mark.parametrize(
    ("names", "options", "error"),
    [
        ((1,), {}, WrongType),
        (("a", "a"), {}, InvalidArgument),
        ((), {"start": "then"}, InvalidArgument),
        ((), {"timeout": -1}, InvalidArgument),
        ((), {"wait": -1}, InvalidArgument),
        ((), {"poll": "1"}, WrongType),
    ],
)
def test_bad_arguments_are_refused_before_the_file_is_looked_for(path, names, options, error):
    with pytest.raises(error):
        lt.follow(path, *names, **options)
    with pytest.raises(NotFound):
        lt.follow(path)


def test_a_packed_and_a_recovered_recording_are_followed_to_their_end(path, tmp_path):
    recording = lt.record(path)
    game = recording.create_data_stream("game")
    for key in range(5):
        game.append(key, key)
    recording._file._file.abandon()
    expected = [("game", key, key) for key in range(5)]
    recovered = lt.recover(path).path
    lt.pack(recovered, tmp_path / "packed.h5")
    for each in (recovered, tmp_path / "packed.h5"):
        with lt.follow(each) as follower:
            assert list(follower) == expected
