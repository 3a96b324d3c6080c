"""Streams by name."""

from __future__ import annotations

import copy

import pytest

from longtake.errors import KeyNotFound
from longtake.recording import StreamCollection


@pytest.fixture
def streams():
    return {"game": 1, "a name": 2, "keys": 3, "Zoë": 4, "_title": 5, "class": 6}


@pytest.fixture
def collection(streams):
    return StreamCollection("Data Streams", lambda: streams)


def test_by_name(collection, streams):
    assert collection.game == collection["game"] == 1
    assert collection.Zoë == 4
    assert collection["a name"] == 2
    assert collection["keys"] == 3
    assert collection["_title"] == 5
    assert dict(collection) == streams
    assert list(collection.keys()) == list(streams)
    assert list(collection.values()) == list(streams.values())
    assert len(collection) == 6
    assert "game" in collection
    assert "none" not in collection
    assert 5 not in collection


def test_what_is_not_there(collection):
    with pytest.raises(
        KeyNotFound, match=r"Data Streams has no 'none'; there are: 'game', 'a name'"
    ):
        collection["none"]
    with pytest.raises(KeyError):
        collection["none"]
    with pytest.raises(AttributeError):
        _ = collection.none
    assert not hasattr(collection, "none")
    assert collection.get("none") is None
    empty = StreamCollection("Frame Streams", dict)
    with pytest.raises(KeyError, match="there are: none"):
        empty["x"]


def test_it_is_as_the_streams_are_now(collection, streams):
    streams["new"] = 7
    assert collection.new == 7
    del streams["game"]
    assert "game" not in collection


def test_it_may_change_while_it_is_listed(collection, streams):
    for name in collection:
        streams[f"{name}2"] = 0
    assert len(collection) == 12


def test_completion(collection):
    assert {"game", "Zoë", "keys"} <= set(dir(collection))
    assert not {"a name", "class"} & set(dir(collection))
    assert collection._ipython_key_completions_() == list(collection)


def test_printed(collection):
    assert repr(collection).splitlines()[:3] == ["Data Streams:", "    game", "    a name"]


def test_shown_in_a_notebook(collection, streams):
    streams["<script>alert(1)</script>"] = "<b>"
    page = collection._repr_html_()
    assert page.startswith("<table><caption>Data Streams</caption><tr><th>game</th><td>1</td></tr>")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page


def test_it_can_be_copied(collection, streams):
    assert dict(copy.copy(collection)) == streams
    assert not hasattr(collection, "__array_interface__")
