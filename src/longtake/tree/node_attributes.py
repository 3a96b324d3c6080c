"""The attributes of a node of a file that may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.errors import WrongType
from longtake.hdf.attribute_set import AttributeNotFound, AttributeSet
from longtake.hdf.attributes import write_attribute
from longtake.tree.stored_attributes import StoredAttributes

if TYPE_CHECKING:
    from longtake.tree.tree import Tree


class NodeAttributes(AttributeSet):
    """Set with ``node.attrs.temperature = 18.4``, removed with ``del node.attrs.temperature``.

    Values are numbers, text, bytes, numpy arrays of such, and plain containers of them. Names that
    are no names in Python go in brackets: ``node.attrs['room temperature']``.

    Raises
    ------
    WrongType, InvalidArgument
        If a value is not plain, or takes more than HDF5 can hold; what was there stays.
    """

    def __init__(self, tree: Tree, path: str, h5: Any) -> None:
        super().__init__(path, StoredAttributes(h5, tree.require_open))
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "_h5", h5)

    def __setitem__(self, name: str, value: object) -> None:
        self._tree.require_writable()
        if not isinstance(name, str):
            raise WrongType(f"{self._path}: the name of an attribute is text, not {name!r}")
        if self._h5 is None:
            raise WrongType(f"{self._path} is a link, which has no attributes of its own")
        self._tree.require_room(0)
        write_attribute(self._h5, name, value)

    def __delitem__(self, name: str) -> None:
        self._tree.require_writable()
        if name not in self:
            raise AttributeNotFound(f"{self._path} has no attribute {name!r} to remove")
        del self._h5.attrs[name]

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"_path", "_values"}:
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]
