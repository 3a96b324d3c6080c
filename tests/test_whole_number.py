"""The rules for numbers that must be whole."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from longtake.errors import InvalidArgument, WrongType
from longtake.whole_number import integer, whole_number


@pytest.mark.parametrize(
    "value", [7, 7.0, np.int8(7), np.uint64(7), np.float32(7)], ids=lambda v: type(v).__name__
)
def test_whole_numbers_of_any_type(value):
    number = whole_number(value, "x")
    assert number == 7
    assert type(number) is int


@pytest.mark.parametrize("value", ["7", None, True, np.True_, 7j, [7], np.arange(1), Decimal(7)])
def test_what_is_no_number(value):
    with pytest.raises(WrongType, match="memory is a whole number, not"):
        whole_number(value, "memory")


@pytest.mark.parametrize("value", [7.5, float("nan"), float("inf"), np.float32("-inf")])
def test_numbers_that_are_not_whole(value):
    with pytest.raises(InvalidArgument, match="memory is a whole number, not"):
        whole_number(value, "memory")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1e30])
def test_numbers_of_more_than_64_bits(value):
    with pytest.raises(InvalidArgument, match="x must fit in 64 bits"):
        whole_number(value, "x")
    assert whole_number(2**63 - 1, "x") == 2**63 - 1


def test_bounds():
    assert whole_number(0, "x", least=0) == 0
    with pytest.raises(InvalidArgument, match="x must be 0 or more, not -1"):
        whole_number(-1, "x", least=0)
    with pytest.raises(InvalidArgument, match="x must be from 1 to 9, not 10"):
        whole_number(10, "x", least=1, most=9)


@pytest.mark.parametrize("value", [7, np.int8(7), np.uint64(7)], ids=lambda v: type(v).__name__)
def test_integers_of_any_type(value):
    assert type(integer(value, "a key")) is int
    assert integer(value, "a key") == 7


@pytest.mark.parametrize("value", [7.0, np.float32(7), "7", None, True, np.True_, [7]])
def test_what_is_no_integer(value):
    with pytest.raises(WrongType, match="a key is an integer, not"):
        integer(value, "a key")


@pytest.mark.parametrize("value", [2**63, np.uint64(2**63), -(2**63) - 1])
def test_integers_of_more_than_64_bits(value):
    with pytest.raises(InvalidArgument, match="a key must fit in 64 bits"):
        integer(value, "a key")
