"""Linking a store that has grown since it was linked: only what came since is linked.

What was linked is told by the column `particle`, which is put back with each frame. A note in the
store says with which parameters, and saves to look for the highest number in all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.framewise.framewise_data import FramewiseData

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from longtake.tracking.linking.linker import Linker
    from longtake.tracking.linking.parameters import LinkOptions

PARTICLE = "particle"
_NOTE = "linked"
#: A note is made every so many frames: no more need be read to find the next number.
_FRAMES_A_NOTE = 256


class GrowingStore:
    """The frames of a store, those that were linked and those that came since.

    Parameters
    ----------
    store : FramewiseData
    parameters : dict
        What decides the links, as plain values; what an earlier run had must be the same.

    Raises
    ------
    InvalidArgument
        If it was linked with other parameters, or is open to read only.
    """

    def __init__(self, store: FramewiseData, parameters: dict[str, object]) -> None:
        self._store = store
        self._frames = store.frames
        self._parameters = parameters
        self._linked = self._count_linked()
        note: Any = store.attributes.get(_NOTE) if self._linked else None
        self._require_same(note or {})
        self._next_particle = self._find_next_particle(note)
        self.note(self._last, self._next_particle)

    def restore(self, linker: Linker, pos_columns: Sequence[str]) -> None:
        """Bring a linker to where the store was linked to."""
        history = []
        for number in self._frames[: self._linked][-(linker.memory + 1) :]:
            table = self._store.get(number)
            # A frame without features is the same to a linker as a frame left out.
            if len(table) and number >= self._frames[self._linked - 1] - linker.memory:
                positions = table[list(pos_columns)].to_numpy(np.float64)
                history.append((number, positions, table[PARTICLE].to_numpy()))
        linker.restore(history, self._next_particle)

    def new_tables(self) -> Iterator[pd.DataFrame]:
        """Give the frames that came since."""
        for number in self._frames[self._linked :]:
            yield self._store.get(number)

    def noted(self, tables: Iterator[pd.DataFrame], linker: Linker) -> Iterator[pd.DataFrame]:
        """Give linked tables; make notes of those that were put back."""
        for count, number in enumerate(self._frames[self._linked :], start=1):
            yield next(tables)
            if count % _FRAMES_A_NOTE == 0 or number == self._frames[-1]:
                self.note(number, linker.next_id)

    def note(self, last: int | None, next_particle: int) -> None:
        """Keep in the store how far it was linked, and how."""
        progress = {"last": last, "next_particle": int(next_particle)}
        self._store.set_attribute(_NOTE, {"parameters": self._parameters} | progress)

    @property
    def _last(self) -> int | None:
        return self._frames[self._linked - 1] if self._linked else None

    def _count_linked(self) -> int:
        """Find how many frames, from the first, were linked, in a few looks."""
        low, high = 0, len(self._frames)
        while low < high:
            middle = (low + high) // 2
            if self._is_linked(middle):
                low = middle + 1
            else:
                high = middle
        # Empty frames at the end may be new, and to be given.
        while low and PARTICLE not in self._store.get(self._frames[low - 1]):
            low -= 1
        return low

    def _is_linked(self, position: int) -> bool:
        """Whether a frame was linked, or is empty and comes after one that was."""
        for number in reversed(self._frames[: position + 1]):
            table = self._store.get(number)
            if len(table) or PARTICLE in table:
                return PARTICLE in table
        return False

    def _require_same(self, note: dict[str, Any]) -> None:
        before = note.get("parameters", self._parameters)
        different = [
            f"{name} was {before[name]!r} and is now {value!r}"
            for name, value in self._parameters.items()
            if before.get(name, value) != value
        ]
        if different:
            raise InvalidArgument(
                f"{self._store!r} was linked with other parameters ({'; '.join(different)}): go on "
                "with the same ones, or link all of it anew, without resume=True"
            )

    def _find_next_particle(self, note: dict[str, Any] | None) -> int:
        """Give one more than the highest number that was given."""
        frames, found = self._frames[: self._linked], 0
        if note and note["last"] is not None and frames and note["last"] <= frames[-1]:
            found = int(note["next_particle"])
            frames = [number for number in frames if number > note["last"]]
        for number in frames:
            table = self._store.get(number)
            if len(table):
                found = max(found, int(table[PARTICLE].to_numpy().max()) + 1)
        return found


def require_store(store: object) -> None:
    """Raise `WrongType` if it is no store of tables by frame number."""
    if not isinstance(store, FramewiseData):
        raise WrongType(
            f"resume=True goes on in a store, such as FramewiseStore, not in {type(store).__name__}"
        )


def parameters_of(
    search_range: float | Sequence[float],
    pos_columns: Sequence[str] | None,
    t_column: str,
    options: LinkOptions,
) -> dict[str, object]:
    """Give all that decides the links, as plain values; what means the same is spelled the same."""
    to_eucl = options.get("to_eucl")
    # Which columns are meant is not known before the first feature.
    columns: dict[str, object] = {} if pos_columns is None else {"pos_columns": list(pos_columns)}
    return columns | {
        "search_range": _shortest(search_range),
        "memory": int(options.get("memory", 0)),
        "t_column": t_column,
        "adaptive_stop": _shortest(options.get("adaptive_stop")),
        "adaptive_step": options.get("adaptive_step", 0.95),
        "drop": options.get("link_strategy") == "drop",
        "to_eucl": None if to_eucl is None else getattr(to_eucl, "__qualname__", "a function"),
    }


def _shortest(length: Any) -> object:
    """Give one number for a length that is the same along all axes."""
    values = np.ravel(length).tolist() if length is not None else [None]
    return values[0] if len(set(values)) == 1 else values
