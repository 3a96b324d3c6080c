"""A recording to read: finished, being written, or left by a crash."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import Closed, DamagedFile, LongtakeError, NotALongtakeFile, NotFound
from longtake.recording import RecordingView, open_recording, record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def test_it_prints_what_is_in_it(path):
    with record(path) as recording:
        recording.create_data_stream("game").append(1, 1)
        recording.create_frame_stream("camera", (2,), "u1")
    with open_recording(str(path)) as view:
        assert repr(view).splitlines()[0] == f"RecordingView of file: {path}"
        assert repr(view.file).startswith(f"<File {path}: ")
        for name in ("file", "attributes", "spikes", "stims", "samples", "data_streams"):
            assert f"    {name}:" in repr(view)
        assert repr(view.data_streams) == "Data Streams:\n    game"
        assert repr(view.record_streams) == "Record Streams:"
        assert repr(view.data_streams.game) == "<DataStreamView 'game': 1 entries>"
        assert repr(view.attributes).startswith("/._v_attrs (AttributeSet)")


def test_it_is_shown_in_a_notebook(path):
    """Small, and as text: names and values come from a file that anybody wrote."""
    bad = "<script>alert('x')</script>"
    with record(path, {"operator": bad}) as recording:
        recording.create_data_stream(bad.replace("/", "|"), {bad: bad}).append(7, bad)
        recording.create_frame_stream("camera", (2, 3), "u1").append(5, np.zeros((2, 3), "u1"))
        recording.create_record_stream("spikes", {"channel": "u1"}).append(1, {"channel": [1, 2]})
        recording.create_table_stream("table", [("a", "i4")])
        for shown_while in ("recording", "complete"):
            with open_recording(path) as view:
                streams = [*view.data_streams.values(), *view.frame_streams.values()]
                streams += view.record_streams.values()
                pages = [one._repr_html_() for one in (view, view.attributes, *streams)]
                pages += [view.data_streams._repr_html_(), streams[0].attributes._repr_html_()]
            for page in pages:
                assert page.startswith("<table><caption>")
                assert page.endswith("</table>")
                assert "<script" not in page
                assert len(page) < 4000
            assert f"<tr><th>state</th><td>{shown_while}</td></tr>" in pages[0]
            assert "<td>spikes, table</td>" in pages[0]
            assert "&lt;script&gt;" in pages[0]
            assert "<th>keys</th><td>7 to 7</td>" in pages[2]
            assert "<th>values</th><td>frames of 2 × 3 × uint8</td>" in pages[3]
            assert "<th>entries</th><td>1 keys, 2 rows</td>" in pages[4]
            assert "<th>values</th><td>channel: uint8</td>" in pages[4]
            assert "<th>keys</th><td>none yet</td>" in pages[5]
            recording.stop()


def test_what_cannot_be_read_is_shown_so(path):
    with record(path) as recording:
        recording.create_data_stream("order").append_many(range(9), range(9))
        recording.create_data_stream("gone").append(1, 1)
        recording.create_data_stream("good").append(1, 1)
    with h5py.File(path, "r+") as h5:
        h5.attrs["application"] = np.bytes_(PICKLE % b"x")
        rows = h5["data_stream/order/index"][:]
        rows["timestamp"][5] = 0
        h5["data_stream/order/index"][:] = rows
        del h5["data_stream/gone/data"]
    view = open_recording(path)
    order, gone = view.data_streams.order, view.data_streams.gone
    assert "row 5 of /data_stream/order/index" in repr(order)
    assert "0 datasets beside its index" in repr(gone)
    for shown in (order, view.data_streams):
        assert "row 5 of /data_stream/order/index" in shown._repr_html_()
    assert "0 datasets beside its index" in gone._repr_html_()
    assert "&lt;DataStreamView &#x27;good&#x27;: 1 entries&gt;" in view.data_streams._repr_html_()
    page = view._repr_html_()
    assert "os.system" in page
    assert "<td>gone, good, order</td>" in page
    view.close()
    for shown in (view, order, gone):
        assert "<table>" in shown._repr_html_()
        repr(shown)


def test_completion(path):
    with record(path, {"operator": "J"}) as recording:
        for name in ("game", "class", "two words"):
            recording.create_data_stream(name, {"score": 1})
    with open_recording(path) as view:
        streams, attributes = view.data_streams, view.attributes
        assert {"data_streams", "attributes", "samples", "file", "state"} <= set(dir(view))
        assert "game" in dir(streams)
        assert not {"class", "two words"} & set(dir(streams))
        assert set(streams._ipython_key_completions_()) == {"game", "class", "two words"}
        assert {"application", "state", "created_utc"} <= set(dir(attributes))
        assert "application" in attributes._ipython_key_completions_()
        assert {"name", "application"} <= set(dir(streams.game.attributes))
        assert not hasattr(streams, "_ipython_canary_method_should_not_exist_")
        assert not hasattr(attributes, "_ipython_canary_method_should_not_exist_")
        for found in (view, streams, attributes, streams.game, streams.game.attributes):
            for name in dir(found):
                getattr(found, name)  # none of what is offered is missing


def test_parts_that_are_not_there(path):
    record(path).stop()
    with RecordingView(path) as view:
        assert view.spikes is view.stims is view.samples is None
        assert len(view.data_streams) == len(view.frame_streams) == len(view.record_streams) == 0


def test_the_tree_of_the_file(path):
    with record(path) as recording:
        stream = recording.create_data_stream("game")
        for t, value in enumerate(["a", [1, 2], {"x": None}]):
            stream.append(t, value)
        with RecordingView(path) as view:
            live = view.file.root.data_stream.game
            assert len(live.index) == 3  # only what is in use shows
            stream.append(3, "later")
            assert len(view.file.root.data_stream.game.index) == 4
            recording.create_data_stream("new").append(1, 1)
            assert len(view.file.root.data_stream.new.index) == 1
            assert len(live.data) == len(view.file.root.data_stream.game.data)
    with RecordingView(path) as view:
        game = view.file.root.data_stream.game
        rows = [(row["timestamp"], row[1], row[2]) for row in game.index]
        assert [row[0] for row in rows] == [0, 1, 2, 3]
        assert bytes(game.data[rows[1][1] : rows[1][2]]) == b"\x92\x01\x02"


def test_it_learns_of_everything_while_it_is_written(path):
    with record(path) as recording, RecordingView(path) as view:
        assert view.state == "recording"
        assert list(view.data_streams) == []
        for number in range(20):
            stream = recording.create_data_stream(f"s{number}", {"n": 0})
            stream.set_attribute("n", number)
            stream.append(1, number)
            recording.set_attribute("number", number)
            seen = view.data_streams[f"s{number}"]
            assert seen[1] == number
            assert seen.attributes.application == {"n": number}
            assert view.attributes.application == {"number": number}
            assert len(view.data_streams) == number + 1
        stream.append(2, "x" * 1_000_000)
        assert seen[2] == "x" * 1_000_000
    with RecordingView(path) as view:
        assert view.state == "complete"
        assert [s.attributes.application["n"] for s in view.data_streams.values()] == [
            int(name[1:]) for name in view.data_streams
        ]


def test_an_update_for_a_stream_that_is_seen_later(path, monkeypatch):
    """Made, and updated, between the view's look at the structure and that at the updates."""
    with record(path) as recording, RecordingView(path) as view:
        recording.set_attribute("a", 0)
        assert view.attributes.application == {"a": 0}
        real = type(view._view)._take_in_updates

        def late(self):
            monkeypatch.undo()
            recording.create_data_stream("s", {"n": 0}).set_attribute("n", 1)
            real(self)

        monkeypatch.setattr(type(view._view), "_take_in_updates", late)
        len(view.data_streams)
        assert view.data_streams.s.attributes.application == {"n": 1}
        recording.data_streams.s.set_attribute("m", 2)
        assert view.data_streams.s.attributes.application == {"n": 1, "m": 2}


def test_a_view_outlives_the_close(path):
    recording = record(path)
    stream = recording.create_data_stream("s")
    stream.append_many(range(5000), range(5000))
    with RecordingView(path) as view:
        seen = view.data_streams.s
        assert len(seen) == 5000
        stream.append(5000, "last")
        recording.set_attribute("a", 1)
        recording.stop()
        assert view.state == "complete"
        assert seen[5000] == "last"
        assert list(seen.values()) == [*range(5000), "last"]
        assert view.attributes.application == {"a": 1}
        assert len(view.file.root.data_stream.s.index) == 5001
        with record(path, append=True) as again:
            assert view.state == "recording"
            again.data_streams.s.append(6000, "more")
            again.set_attribute("a", 2)
            assert seen[6000] == "more"
            assert view.attributes.application == {"a": 2}


def test_what_became_of_it(path):
    recording = record(path)
    with RecordingView(path) as view:
        assert view.state == "recording"
        recording.create_data_stream("s")
        recording._file._file.abandon()
        assert view.state == "aborted"
        record(path, append=True).stop()
        assert view.state == "recovered"
        record(path, append=True).stop()
        assert view.state == "complete"


def test_a_view_follows_state_and_attributes(path):
    """Without being opened again: of a recording that goes on, ends, crashes, and is gone on in."""
    recording = record(path, {"a": 1, "deep": [0]})
    with RecordingView(path) as view:
        held = view.attributes
        assert (held.state, held.application) == ("recording", {"a": 1, "deep": [0]})
        held.application["deep"].append(1)
        game = recording.create_data_stream("game", {"score": 0})
        seen = view.data_streams.game
        for score in range(3):
            game.set_attribute("score", score)
            recording.set_attribute("a", score)
            assert seen.attributes.application == {"score": score}
            assert view.attributes.application == {"a": score, "deep": [0]}
        assert held.application["a"] == 1
        assert "ended_utc" not in view.attributes
        recording.stop()
        assert (view.state, view.attributes.state) == ("complete", "complete")
        assert "ended_utc" in view.attributes
        recording = record(path, {"a": 7}, append=True)
        assert (view.state, view.attributes.state) == ("recording", "recording")
        assert view.attributes.application == {"a": 7, "deep": [0]}
        recording.data_streams.game.set_attribute("score", 8)
        recording._file._file.abandon()
        assert (view.state, view.attributes.state) == ("aborted", "aborted")
        assert seen.attributes.application == {"score": 8}
        record(path, append=True).stop()
        assert (view.state, view.attributes.state) == ("recovered", "recovered")
        assert view.attributes.application == {"a": 7, "deep": [0]}


def test_a_recording_that_ends_before_anything_was_made_in_it(path):
    record(path)._file._file.abandon()
    with RecordingView(path) as view:
        assert view.state == "aborted"


def test_a_recording_of_nothing(path):
    record(path).stop()
    with RecordingView(path) as view:
        assert view.state == "complete"


def test_a_closed_view(path):
    with record(path) as recording:
        recording.create_data_stream("s").append(1, 1)
    view = RecordingView(path)
    view.close()
    view.close()
    for ask in (
        lambda: view.state,
        lambda: view.attributes,
        lambda: view.file,
        lambda: view.data_streams.s,
        lambda: view.samples,
        lambda: list(view.data_streams),
    ):
        with pytest.raises(Closed):
            ask()
    assert "RecordingView" in repr(view)


def test_files_that_are_no_recordings(path):
    with pytest.raises(NotFound):
        RecordingView(path)
    for content in (b"", b"text", bytes(10**5), b"\x89HDF\r\n\x1a\n" + bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(LongtakeError):
            RecordingView(path)
    with h5py.File(path, "w") as h5:
        h5["x"] = np.arange(3)
    with pytest.raises(NotALongtakeFile):
        RecordingView(path)


def test_a_file_cut_short_anywhere(path):
    """Is told as it is opened, or when what is missing is asked for."""
    with record(path) as recording:
        recording.create_data_stream("s").append_many(range(100), ["x" * 100] * 100)
        recording.create_frame_stream("f", (8,), "u1").append(1, np.ones(8, "u1"))
    whole = path.read_bytes()
    for size in range(0, len(whole), len(whole) // 60):
        path.write_bytes(whole[:size])
        with pytest.raises(LongtakeError):
            read_all(path)


def read_all(path) -> None:
    with RecordingView(path) as view:
        list(view.data_streams.s.values())
        list(view.frame_streams.f.values())


PICKLE = b"cos\nsystem\n(S'touch %s'\ntR."


def test_attributes_that_would_run_code(path):
    """They do not; and the rest can be read."""
    with record(path, {"a": 1}) as recording:
        for name in ("s", "t"):
            recording.create_data_stream(name, {"n": 1}).append(1, name)
    mark = path.with_name("it-ran")
    with h5py.File(path, "r+") as h5:
        for node in (h5, h5["data_stream/s"]):
            node.attrs["application"] = np.bytes_(PICKLE % bytes(mark))
            node.attrs["other"] = np.bytes_(PICKLE % bytes(mark))
    with RecordingView(path) as view:
        for ask in (
            lambda: view.attributes.application,
            lambda: view.attributes["other"],
            lambda: view.data_streams.s.attributes.application,
            lambda: view.file.root.data_stream.s._v_attrs.other,
        ):
            with pytest.raises(DamagedFile):
                ask()
        assert view.attributes.state == "complete"
        assert "not readable" in repr(view.attributes)
        assert view.data_streams.s[1] == "s"
        assert view.data_streams.t.attributes.application == {"n": 1}
    assert not mark.exists()


def test_an_update_of_attributes_that_cannot_be_read(path):
    with record(path) as recording:
        recording.create_data_stream("s").append(1, "kept")
        recording.set_attribute("a", 1)
    with h5py.File(path, "r+") as h5:
        h5["control/data"][5] ^= 1
    with RecordingView(path) as view:
        assert view.data_streams.s[1] == "kept"
        with pytest.raises(DamagedFile, match="control"):
            view.attributes["application"]
        with pytest.raises(DamagedFile, match="control"):
            view.data_streams.s.attributes["application"]
        assert view.attributes.state == "complete"
        assert view.data_streams.s.attributes.name == "s"
