"""How the writing of a file ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import longtake as lt
from longtake.errors import WriterDied
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.end_of_writing import is_finished, is_replaced


@dataclass
class Answers:
    """A file that somebody else opens and closes between two questions."""

    finished: list[bool]
    taken: list[bool] = field(default_factory=lambda: [False, False])
    path: Path = Path("run.h5")
    is_replaced: bool = False

    def refresh(self) -> bool:
        return False

    @property
    def was_finished(self) -> bool:
        return self.finished.pop(0)

    @property
    def is_being_written(self) -> bool:
        return self.taken.pop(0)


def test_a_file_is_finished_or_its_writer_died_or_somebody_goes_on():
    assert is_finished(Answers([True]))
    assert not is_finished(Answers([False], [True]))
    with pytest.raises(WriterDied, match=r"^run.h5: whoever wrote it .*longtake recover run.h5"):
        is_finished(Answers([False, False]))
    with pytest.raises(WriterDied, match="removed since, or replaced"):
        is_finished(Answers([False, False], is_replaced=True))


def test_who_went_on_and_finished_between_two_questions_did_not_die():
    assert is_finished(Answers([False, True], [False]))


def test_a_file_knows_whether_it_is_still_the_one_of_its_name(tmp_path):
    path = tmp_path / "run.h5"
    StreamFile.create(path).close()
    with StreamFileView(path) as view:
        assert not view.is_replaced
        assert not is_replaced(path, view.raw.fd)
        path.rename(tmp_path / "other.h5")
        assert view.is_replaced
        StreamFile.create(path).close()
        assert view.is_replaced


def test_a_recording_that_died_before_anything_was_made_in_it_was_not_finished(tmp_path):
    path = tmp_path / "run.h5"
    StreamFile.create(path, {"state": "recording"})._file.abandon()
    with StreamFileView(path) as view:
        assert view.was_closed
        assert not view.was_finished
        with pytest.raises(WriterDied):
            is_finished(view)


def test_a_recording_that_an_exception_ended_was_not_finished(tmp_path):
    def record():
        with lt.record(tmp_path / "run.h5") as recording:
            recording.create_data_stream("s").append(1, "one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record()
    with lt.open(tmp_path / "run.h5") as view:
        follower = view.data_streams.s.follow()
        assert next(follower) == (1, "one")
        with pytest.raises(WriterDied, match="what made it goes on in it"):
            next(follower)
        with lt.record(tmp_path / "run.h5", append=True) as recording:
            recording.data_streams.s.append(2, "two")
        assert list(follower) == [(2, "two")]


def test_how_far_behind_it_was_can_be_asked_when_the_file_is_closed(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        recording.create_data_stream("s").append_many([1, 2, 3], "abc")
    with lt.follow(tmp_path / "run.h5") as whole:
        next(whole)
    with lt.open(tmp_path / "run.h5") as view:
        one = view.data_streams.s.follow()
        next(one)
    assert whole.lag.entries == one.lag.entries == 2
