"""What ParaView shows of an array: numbers on a regular grid, at one time or at several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from h5py import h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument, WrongType
from longtake.tree.group import Group
from longtake.tree.leaf import Array
from longtake.tree.link_nodes import SoftLink
from longtake.tree.node_names import require_name
from longtake.tree.paraview.frame_times import Times, frame_index, times_of

if TYPE_CHECKING:
    import numpy as np

#: VTK takes these from HDF5, in either byte order.
_SHOWN = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"}
_INSTEAD = {
    "b": "store its .astype('u1')",
    "c": "store its .real and its .imag, as two arrays",
    "f": "store its .astype('f8')",
    "V": "store its columns as arrays",
}
_IMAGE, _VOLUME = 2, 3


@dataclass(frozen=True)
class Field:
    """An array as VTK's readers are told of it."""

    #: What ParaView calls it.
    name: str
    #: Where the dataset is in the file.
    path: str
    dtype: np.dtype
    #: Of the dataset, with space that was taken ahead.
    stored_shape: tuple[int, ...]
    #: At one time: (y, x) or (z, y, x).
    shape: tuple[int, ...]
    #: Of the rows of the first axis; None if that is an axis in space.
    times: Times | None

    @property
    def type_name(self) -> str:
        """The type of a number, of whatever byte order: ``"u2"``."""
        return f"{self.dtype.kind}{self.dtype.itemsize}"


def field_of(node: Any, name: str | None, times: Any) -> Field:
    """Give an array as a field, or say why ParaView cannot show it, and what to do.

    Parameters
    ----------
    node : Array
        Or a link to one.
    name : str or None
        The node's own, if None; that of its stream, if it is the data of one.
    times : array_like or None
        One for each row of the first axis.

    Raises
    ------
    WrongType
        If it is no array, or not of numbers that VTK knows.
    InvalidArgument
        If it has too few or too many dimensions, or nothing in it; or the times do not fit.
    """
    leaf = array_of(node)
    _require_numbers(leaf)
    path = str(leaf._h5.name)
    _require_text(path)
    found = times_of(leaf, times)
    shape = leaf.shape if found is None else leaf.shape[1:]
    if len(shape) not in {_IMAGE, _VOLUME}:
        raise InvalidArgument(_dimensions_refused(leaf, has_times=found is not None))
    if 0 in shape or (found is not None and not len(found.values)):
        raise InvalidArgument(f"{leaf._v_pathname} {leaf.shape} has nothing in it to show yet")
    called = _own_name(leaf, path) if name is None else name
    require_name(called)
    return Field(called, path, leaf.dtype, leaf._h5.shape, shape, found)


def arrays_of(node: Any) -> list[Array]:
    """Give an array, those of a list, or those of a group that have two axes or more."""
    node = node.dereference() if isinstance(node, SoftLink) else node
    if isinstance(node, Group):
        found: list[Any] = [leaf for leaf in node._f_iter_nodes("Array") if leaf.ndim >= _IMAGE]
    else:
        found = list(node) if isinstance(node, list | tuple) else [node]
    if not found:
        raise InvalidArgument(f"{node!s} has no array of two axes or more to show")
    return [array_of(one) for one in found]


def array_of(node: Any) -> Array:
    """Give a node that is an array, or what a link to one leads to."""
    leaf = node.dereference() if isinstance(node, SoftLink) else node
    if isinstance(leaf, Array):
        return leaf
    reason = getattr(leaf, "reason", f"a {type(leaf).__name__}, not an array")
    raise WrongType(f"{leaf!s} cannot be shown: it is {reason}; give a node that is an array")


def _require_numbers(leaf: Array) -> None:
    dtype, stored = leaf.dtype, leaf._h5.id.get_type()
    # Enumerations and PyTables' times are numbers to numpy, and unknown to VTK.
    if stored.get_class() in {h5t.INTEGER, h5t.FLOAT} and dtype.str[1:] in _SHOWN:
        return
    advice = _INSTEAD.get(dtype.kind, "store it as an array of numbers")
    raise WrongType(f"{leaf._v_pathname} holds {dtype}, which VTK does not show; {advice}")


def _require_text(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{path!r} is no text that VTK can be given: {error}") from error


def _dimensions_refused(leaf: Array, *, has_times: bool) -> str:
    what = f"{leaf._v_pathname} has the shape {leaf.shape}"
    if has_times:
        return (
            f"{what}, and with times on its first axis it must have 3 axes, (time, y, x), or 4, "
            "(time, z, y, x)"
        )
    if leaf.ndim == _VOLUME + 1:
        return f"{what}: give times=, one for each of the {len(leaf)} rows of its first axis"
    return f"{what}; ParaView is shown 2 axes, (y, x), or 3, (z, y, x): store it reshaped"


def _own_name(leaf: Array, path: str) -> str:
    above, _, name = path.rpartition("/")
    is_stream = frame_index(leaf) is not None
    return above.rpartition("/")[2] if is_stream else name
