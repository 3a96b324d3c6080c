"""An HDF5 file as a tree of nodes, to look around in: groups, arrays, tables, attributes."""

from __future__ import annotations

from longtake.hdf.attribute_set import AttributeSet
from longtake.tree.file import File
from longtake.tree.group import Group
from longtake.tree.leaf import Array
from longtake.tree.node import UnImplemented
from longtake.tree.table import Table

__all__ = ["Array", "AttributeSet", "File", "Group", "Table", "UnImplemented"]
