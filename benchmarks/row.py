"""One line of the result."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """What came out of one comparison, or of one measurement.

    Attributes
    ----------
    case : str
        What was done, with its parameters.
    theirs, longtake : str
        The figures of the peer and of longtake, as text; the first is empty where there is none.
    unit : str
    ratios : tuple of float
        How many times better longtake is, in each round; empty where there is no such thing.
    goal : str
    reached : bool or None
        None where there is no goal.
    peer : str
        Who longtake is compared with.
    """

    case: str
    theirs: str
    longtake: str
    unit: str
    ratios: tuple[float, ...] = ()
    goal: str = ""
    reached: bool | None = None
    peer: str = "trackpy"

    @property
    def ratio(self) -> str:
        """The median of the rounds' ratios."""
        return f"{figure(median(self.ratios))}×" if self.ratios else ""

    @property
    def spread(self) -> str:
        """The lowest and the highest of the rounds' ratios."""
        if len(self.ratios) < 2:
            return ""
        return f"{figure(min(self.ratios))}–{figure(max(self.ratios))}"

    @property
    def rounds(self) -> str:
        return str(len(self.ratios)) if self.ratios else ""


class Unit(NamedTuple):
    """What a figure is of, and how it follows from what was measured: seconds, or bytes.

    Attributes
    ----------
    name : str
    of : callable
    is_rate : bool
        Whether more is better.
    """

    name: str
    of: Callable[[float], float]
    is_rate: bool = False


_MS_A_FRAME = Unit("ms a frame", lambda seconds: seconds * 1e3)
_KB_A_FRAME = Unit("kB a frame", lambda size: size / 1e3)


def timed(case: str, theirs: list[float], ours: list[float], goal: float | None = None) -> Row:
    """Make the row of seconds a frame, those of one round in the same place of both lists."""
    return compared(case, theirs, ours, _MS_A_FRAME, goal)


def sized(case: str, theirs: float, ours: float, goal: float | None = None) -> Row:
    """Make the row of bytes a frame."""
    return compared(case, [theirs], [ours], _KB_A_FRAME, goal)


def compared(
    case: str,
    theirs: list[float],
    ours: list[float],
    unit: Unit,
    goal: float | None = None,
    peer: str = "trackpy",
) -> Row:
    """Make the row of what was measured of both, less of which is better; `goal` is a ratio."""
    ratios = tuple(their / our for their, our in zip(theirs, ours, strict=True))
    return Row(
        case,
        figure(unit.of(median(theirs))),
        figure(unit.of(median(ours))),
        unit.name,
        ratios,
        "" if goal is None else f"≥ {goal:g}×",
        None if goal is None else median(ratios) >= goal,
        peer,
    )


def alone(case: str, ours: list[float], unit: Unit, goal: float | None = None) -> Row:
    """Make the row of what was measured of longtake only; `goal` is a figure in that unit."""
    value = unit.of(median(ours))
    if goal is None:
        return Row(case, "", figure(value), unit.name)
    sign, reached = ("≥", value >= goal) if unit.is_rate else ("≤", value <= goal)
    return Row(case, "", figure(value), unit.name, goal=f"{sign} {goal:,}", reached=reached)


def figure(value: float) -> str:
    """Give three digits or all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
