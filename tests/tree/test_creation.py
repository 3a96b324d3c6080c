"""What elements are that were never written, as PyTables reads them."""

from __future__ import annotations

import pytest
import tables

import longtake.tree as tt
from longtake.errors import InvalidArgument

ATOMS = [
    tt.StringAtom(4, dflt="ab"),
    tt.StringAtom(2, dflt=b"ab"),
    tt.StringAtom(4, dflt="é0"),
    tt.StringAtom(300, dflt="x" * 300),
    tt.StringAtom(4),
    tt.BoolAtom(dflt=True),
    tt.Atom("c8", dflt=1 + 2j),
    tt.Atom("c16", dflt=1 - 2j),
    *[tt.Atom(kind, dflt=-2) for kind in ("i1", "i2", "i4", "i8", ">i4")],
    *[tt.Atom(kind, dflt=250) for kind in ("u1", "u2", "u4", ">u2")],
    tt.Atom("u8", dflt=2**64 - 1),
    *[tt.Atom(kind, dflt=1.5) for kind in ("f2", "f4", "f8", ">f8")],
]


@pytest.mark.parametrize("atom", ATOMS, ids=lambda atom: repr(atom)[:40])
def test_what_was_never_written(tmp_path, atom):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as made:
        made.create_carray("/", "c", atom, (3,))
        made.create_earray("/", "e", atom, (0,))
        assert made.root.c[:].tolist() == [atom.dflt] * 3
    with tables.open_file(path, "a") as theirs:
        assert theirs.root.c[:].tolist() == [atom.dflt] * 3
        assert theirs.root.c.atom.dflt == theirs.root.e.atom.dflt == atom.dflt
        theirs.root.e.truncate(2)
    with tt.open_file(path) as again:
        assert again.root.e[:].tolist() == [atom.dflt] * 2


def test_text_that_hdf5_would_cut_off(tmp_path):
    with tt.open_file(tmp_path / "a.h5", "w") as made:
        with pytest.raises(InvalidArgument, match="NUL"):
            made.create_carray("/", "c", tt.StringAtom(4, dflt=b"a\0b"), (3,))
        assert "c" not in made.root
