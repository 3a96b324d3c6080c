"""One line of the result."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """What came out of one comparison.

    Attributes
    ----------
    case : str
        What was done, with its parameters.
    trackpy, longtake : str
        Their figures, as text.
    unit : str
    ratios : tuple of float
        trackpy's figure over longtake's, in each round; empty where there is no such thing.
    goal : str
    reached : bool or None
        None where there is no goal.
    """

    case: str
    trackpy: str
    longtake: str
    unit: str
    ratios: tuple[float, ...] = ()
    goal: str = ""
    reached: bool | None = None

    @property
    def ratio(self) -> str:
        """The median of the rounds' ratios."""
        return f"{_figure(median(self.ratios))}×" if self.ratios else ""

    @property
    def spread(self) -> str:
        """The lowest and the highest of the rounds' ratios."""
        if len(self.ratios) < 2:
            return ""
        return f"{_figure(min(self.ratios))}–{_figure(max(self.ratios))}"

    @property
    def rounds(self) -> str:
        return str(len(self.ratios)) if self.ratios else ""


def timed(case: str, theirs: list[float], ours: list[float], goal: float | None = None) -> Row:
    """Make the row of seconds a frame, those of one round in the same place of both lists."""
    return _compared(case, theirs, ours, "ms a frame", 1e3, goal)


def sized(case: str, theirs: float, ours: float, goal: float | None = None) -> Row:
    """Make the row of bytes a frame."""
    return _compared(case, [theirs], [ours], "kB a frame", 1e-3, goal)


def _compared(
    case: str, theirs: list[float], ours: list[float], unit: str, scale: float, goal: float | None
) -> Row:
    ratios = tuple(their / our for their, our in zip(theirs, ours, strict=True))
    return Row(
        case,
        _figure(median(theirs) * scale),
        _figure(median(ours) * scale),
        unit,
        ratios,
        "" if goal is None else f"≥ {goal:g}×",
        None if goal is None else median(ratios) >= goal,
    )


def _figure(value: float) -> str:
    """Give three digits or all before the point."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
