"""What every error of longtake's says."""

from __future__ import annotations

import errno
import inspect
import pickle

import pytest

from longtake import errors

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_says_its_sentence_and_nothing_else(kind):
    assert issubclass(kind, errors.LongtakeError)
    sentence = "there is no file 'a.h5': look elsewhere"
    assert str(kind(sentence)) == sentence
    assert str(pickle.loads(pickle.dumps(kind(sentence)))) == sentence
    assert str(kind()) == ""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, OSError)])
def test_the_number_of_a_systems_error_is_an_attribute(kind):
    error = kind(errno.ENOSPC, "the disk is full: make room")
    assert str(error) == "the disk is full: make room"
    assert error.errno == errno.ENOSPC
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.errno) == (str(error), errno.ENOSPC)


def test_every_error_is_in_the_tree_that_the_module_shows():
    drawn = str(errors.__doc__).split("::")[1]
    assert [kind.__name__ for kind in KINDS if kind.__name__ not in drawn] == []
