"""The HDF5 attributes of one node, read as they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from longtake.errors import NotFound
from longtake.hdf.attributes import read_attribute

if TYPE_CHECKING:
    from collections.abc import Callable

#: PyTables' own attributes are text, though it marks some of them as bytes.
_TEXT = re.compile(
    "CLASS|TITLE|VERSION|PYTABLES_FORMAT_VERSION|FLAVOR|ENCODING|NODE_TYPE|PSEUDOATOM"
    r"|FIELD_\d+_NAME"
)


class StoredAttributes(Mapping[str, Any]):
    """Name to value, by `longtake.hdf.attributes.read_attribute`, which runs nothing.

    Parameters
    ----------
    h5 : h5py.Group or h5py.Dataset or None
        None behind a link that leads nowhere.
    require_open : callable
        Raises if the file was closed.
    """

    def __init__(self, h5: Any, require_open: Callable[[], None]) -> None:
        self._h5 = h5
        self._require_open = require_open

    def __iter__(self) -> Iterator[str]:
        self._require_open()
        return iter([] if self._h5 is None else list(self._h5.attrs))

    def __len__(self) -> int:
        self._require_open()
        return 0 if self._h5 is None else len(self._h5.attrs)

    def __getitem__(self, name: str) -> Any:
        self._require_open()
        try:
            value = read_attribute(self._h5.id, name)
        except NotFound as error:
            raise KeyError(name) from error
        is_text = isinstance(value, bytes) and _TEXT.fullmatch(name)
        return value.decode("utf-8", "surrogateescape") if is_text else value
