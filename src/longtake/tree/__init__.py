"""An HDF5 file as a tree of nodes: groups, arrays, tables, links, attributes."""

from __future__ import annotations

from longtake.hdf.attribute_set import AttributeSet
from longtake.tree import filenode
from longtake.tree.columns import (
    BoolCol,
    Col,
    Complex64Col,
    Complex128Col,
    Float16Col,
    Float32Col,
    Float64Col,
    Int8Col,
    Int16Col,
    Int32Col,
    Int64Col,
    StringCol,
    UInt8Col,
    UInt16Col,
    UInt32Col,
    UInt64Col,
)
from longtake.tree.description import IsDescription
from longtake.tree.dumping import dump
from longtake.tree.file import File
from longtake.tree.filters import Filters
from longtake.tree.group import Group
from longtake.tree.leaf import Array, CArray, EArray, Leaf
from longtake.tree.link_nodes import ExternalLink, SoftLink
from longtake.tree.node import Node, UnImplemented
from longtake.tree.opening import open_file
from longtake.tree.table import Table
from longtake.tree.vtkhdf import add_vtkhdf
from longtake.tree.xdmf import to_xdmf

__all__ = [
    "Array",
    "AttributeSet",
    "BoolCol",
    "CArray",
    "Col",
    "Complex64Col",
    "Complex128Col",
    "EArray",
    "ExternalLink",
    "File",
    "Filters",
    "Float16Col",
    "Float32Col",
    "Float64Col",
    "Group",
    "Int8Col",
    "Int16Col",
    "Int32Col",
    "Int64Col",
    "IsDescription",
    "Leaf",
    "Node",
    "SoftLink",
    "StringCol",
    "Table",
    "UInt8Col",
    "UInt16Col",
    "UInt32Col",
    "UInt64Col",
    "UnImplemented",
    "add_vtkhdf",
    "dump",
    "filenode",
    "open_file",
    "to_xdmf",
]
