"""Which of a session's data streams a recording has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from collections.abc import Collection


def chosen_names(
    names: Collection[str],
    include: bool | Collection[str],  # noqa: FBT001  (of `Session.record`, where it has a name)
    exclude: Collection[str],
) -> list[str]:
    """Give those of the names that are included and not excluded, in their order.

    Raises
    ------
    WrongType
        If what is included or excluded are no names.
    InvalidArgument
        If there is no stream of such a name.

    Examples
    --------
    >>> chosen_names(["game", "score", "notes"], True, ["score"])
    ['game', 'notes']
    """
    left_out = _given(exclude, "exclude_data_streams")
    if isinstance(include, bool):
        wanted = list(names) if include else []
    else:
        wanted = _given(include, "include_data_streams")
    for name in [*wanted, *left_out]:
        if not isinstance(name, str) or name not in names:
            raise InvalidArgument(f"the session has no data stream {name!r}")
    return [name for name in names if name in wanted and name not in left_out]


def _given(names: object, what: str) -> list[object]:
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise WrongType(f"{what} is a list of names, not {names!r}")
    return list(names)
