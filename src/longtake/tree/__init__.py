"""An HDF5 file as a tree of nodes: groups, arrays, tables, links, attributes."""

from __future__ import annotations

from longtake.hdf.attribute_set import AttributeSet
from longtake.tree import filenode
from longtake.tree.dumping import dump
from longtake.tree.file import File
from longtake.tree.filters import Filters
from longtake.tree.group import Group
from longtake.tree.leaf import Array, CArray, EArray, Leaf
from longtake.tree.link_nodes import ExternalLink, SoftLink
from longtake.tree.missing import ColumnNotFound, NodeNotFound, NoSuchNodeError
from longtake.tree.node import Node, UnImplemented
from longtake.tree.opening import open_file
from longtake.tree.paraview.vtkhdf import add_vtkhdf
from longtake.tree.paraview.xdmf import to_xdmf
from longtake.tree.tables.columns import (
    Atom,
    BoolAtom,
    BoolCol,
    Col,
    Complex64Atom,
    Complex64Col,
    Complex128Atom,
    Complex128Col,
    Float16Atom,
    Float16Col,
    Float32Atom,
    Float32Col,
    Float64Atom,
    Float64Col,
    Int8Atom,
    Int8Col,
    Int16Atom,
    Int16Col,
    Int32Atom,
    Int32Col,
    Int64Atom,
    Int64Col,
    StringAtom,
    StringCol,
    UInt8Atom,
    UInt8Col,
    UInt16Atom,
    UInt16Col,
    UInt32Atom,
    UInt32Col,
    UInt64Atom,
    UInt64Col,
)
from longtake.tree.tables.description import IsDescription
from longtake.tree.tables.table import Table

__all__ = [
    "Array",
    "Atom",
    "AttributeSet",
    "BoolAtom",
    "BoolCol",
    "CArray",
    "Col",
    "ColumnNotFound",
    "Complex64Atom",
    "Complex64Col",
    "Complex128Atom",
    "Complex128Col",
    "EArray",
    "ExternalLink",
    "File",
    "Filters",
    "Float16Atom",
    "Float16Col",
    "Float32Atom",
    "Float32Col",
    "Float64Atom",
    "Float64Col",
    "Group",
    "Int8Atom",
    "Int8Col",
    "Int16Atom",
    "Int16Col",
    "Int32Atom",
    "Int32Col",
    "Int64Atom",
    "Int64Col",
    "IsDescription",
    "Leaf",
    "NoSuchNodeError",
    "Node",
    "NodeNotFound",
    "SoftLink",
    "StringAtom",
    "StringCol",
    "Table",
    "UInt8Atom",
    "UInt8Col",
    "UInt16Atom",
    "UInt16Col",
    "UInt32Atom",
    "UInt32Col",
    "UInt64Atom",
    "UInt64Col",
    "UnImplemented",
    "add_vtkhdf",
    "dump",
    "filenode",
    "open_file",
    "to_xdmf",
]
