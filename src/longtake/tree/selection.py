"""numpy's indexing, over rows of which only some are in use and which h5py reads forwards."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, OutOfRange, WrongType

if TYPE_CHECKING:
    from collections.abc import Callable


def select(key: Any, shape: tuple[int, ...], path: str, read: Callable[[Any], Any]) -> Any:
    """Read what `key` selects of an array of that shape.

    Integers, slices of any step, ``...``, and one list of integers or truth values are taken.
    `read` takes a tuple of integers and slices that go forwards, or one list that ascends.
    """
    items = _spread(key, shape, path)
    asked: list[Any] = []
    after: list[Any] = []  # what remains to be done with the axes that are left
    for item, length in zip(items, shape, strict=True):
        if isinstance(item, slice):
            forwards, backwards = _forwards(item, length, path)
            asked.append(forwards)
            after.append(slice(None, None, -1) if backwards else slice(None))
        elif isinstance(item, list | tuple | np.ndarray) and np.ndim(item):
            places, order = np.unique(_places(item, length, path), return_inverse=True)
            asked.append(places if len(places) else slice(0, 0))
            after.append(order)
        else:
            asked.append(_place(item, length, path))
    if sum(isinstance(item, np.ndarray) for item in after) > 1:
        raise InvalidArgument(f"{path} can be selected from by one list at a time, not by more")
    found = read(tuple(asked))
    if any(not isinstance(item, slice) or item.step for item in after):
        return np.ascontiguousarray(found[tuple(after)])
    return found[...] if key is Ellipsis and not shape else found


def chosen_rows(start: Any, stop: Any, step: Any, length: int, path: str) -> range:
    """Give the numbers of the rows from `start` to `stop`, to go through forwards."""
    try:
        chosen = range(*slice(start, stop, step).indices(length))
    except TypeError:
        raise WrongType(
            f"{path} is gone through by whole numbers, not from {start!r} to {stop!r} by {step!r}"
        ) from None
    except ValueError:
        raise InvalidArgument(f"{path} cannot be gone through by a step of 0") from None
    if chosen.step < 0:
        raise InvalidArgument(f"{path} is gone through forwards, not by a step of {step}")
    return chosen


def store(
    key: Any,
    values: np.ndarray,
    shape: tuple[int, ...],
    path: str,
    write: Callable[[tuple[Any, ...], np.ndarray], None],
) -> None:
    """Replace what `key` selects of an array of that shape; as of numpy, values are broadcast."""
    items = _spread(key, shape, path)
    asked: list[Any] = []
    lengths: list[int] = []
    for axis, (item, length) in enumerate(zip(items, shape, strict=True)):
        if isinstance(item, slice):
            forwards, backwards = _forwards(item, length, path)
            asked.append(forwards)
            lengths.append(len(range(*forwards.indices(length))))
            if backwards:
                raise InvalidArgument(f"{path} cannot be written to backwards, as by {item}")
        elif isinstance(item, list | tuple | np.ndarray) and np.ndim(item):
            return _store_each(items, axis, _places(item, length, path), values, shape, path, write)
        else:
            asked.append(_place(item, length, path))
    try:
        given = np.broadcast_to(values, lengths)
    except ValueError:
        raise InvalidArgument(
            f"{path}: values of the shape {values.shape} for a selection of {tuple(lengths)}"
        ) from None
    write(tuple(asked), given)
    return None


def _store_each(
    items: list[Any],
    axis: int,
    places: np.ndarray,
    values: np.ndarray,
    shape: tuple[int, ...],
    path: str,
    write: Callable[[tuple[Any, ...], np.ndarray], None],
) -> None:
    """Replace what a list of places selects, one place after the other."""
    before = sum(isinstance(item, slice) for item in items[:axis])
    after = sum(isinstance(item, slice) for item in items[axis + 1 :])
    along = values.ndim - after - 1
    if along >= 0 and values.shape[along] not in {1, len(places)}:
        raise InvalidArgument(f"{path}: {values.shape[along]} values for {len(places)} places")
    for number, place in enumerate(places.tolist()):
        at = min(number, values.shape[along] - 1) if along >= 0 else 0
        part = np.take(values, at, axis=along) if along >= before - 1 and along >= 0 else values
        store((*items[:axis], place, *items[axis + 1 :]), part, shape, path, write)


def _spread(key: Any, shape: tuple[int, ...], path: str) -> list[Any]:
    """Give an item for each axis."""
    items = list(key) if isinstance(key, tuple) else [key]
    dots = [number for number, item in enumerate(items) if item is Ellipsis]
    missing = len(shape) - len(items) + len(dots)
    if missing < 0 or len(dots) > 1:
        raise OutOfRange(f"{path} has {len(shape)} dimensions; [{key!r}] has too many indices")
    at = dots[0] if dots else len(items)
    return [*items[:at], *[slice(None)] * missing, *items[at + 1 :]]


def _forwards(item: slice, length: int, path: str) -> tuple[slice, bool]:
    try:
        chosen = range(*item.indices(length))
    except TypeError:
        raise WrongType(f"{path} is sliced by whole numbers, not by {item}") from None
    except ValueError:
        raise InvalidArgument(f"{path} cannot be sliced by a step of 0") from None
    if not chosen:
        return slice(0, 0), False
    backwards = chosen.step < 0
    if backwards:
        chosen = chosen[::-1]
    return slice(chosen.start, chosen.stop, chosen.step), backwards


def _place(item: Any, length: int, path: str) -> int:
    if isinstance(item, bool | np.bool_):
        raise WrongType(f"{path} is indexed by whole numbers and slices, not by {item!r}")
    try:
        number = index(item)
    except TypeError:
        raise WrongType(f"{path} is indexed by whole numbers and slices, not by {item!r}") from None
    if not -length <= number < length:
        raise OutOfRange(f"{path} has no {number}: there are {length} along that axis")
    return number % length


def _places(item: Any, length: int, path: str) -> np.ndarray:
    wanted = np.asarray(item)
    if wanted.ndim != 1:
        raise InvalidArgument(f"{path} takes lists of one dimension; this one has {wanted.ndim}")
    if wanted.size == 0:
        return np.empty(0, np.int64)
    if wanted.dtype.kind == "b":
        if len(wanted) != length:
            raise OutOfRange(f"{path} is {length} long, and the list of truth values {len(wanted)}")
        return np.flatnonzero(wanted)
    if wanted.dtype.kind not in "iu":
        raise WrongType(f"{path} is selected from by whole numbers, not by {wanted.dtype}")
    outside = wanted[(wanted < -length) | (wanted >= length)]
    if outside.size:
        raise OutOfRange(f"{path} has no {outside[0]}: there are {length} along that axis")
    places = wanted.astype(np.int64)
    return np.where(places < 0, places + length, places)
