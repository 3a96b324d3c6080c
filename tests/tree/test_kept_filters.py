"""Filters that groups keep, and hand on to what is made in them, as PyTables' do."""

from __future__ import annotations

from itertools import product

import pytest
import tables

import longtake.tree as tt

LIBRARIES = ["zlib", "blosc", "blosc2", "blosc:lz4", "blosc:zstd", "blosc2:lz4hc", "blosc2:zstd"]


def make(library, path):
    with library.open_file(path, "w", filters=library.Filters(5, "zlib")) as file:
        inner = file.create_group("/", "inner", "", library.Filters(3, "blosc2:zstd"))
        file.create_group("/", "plain")
        deep = file.create_group(inner, "deep")
        for number, group in enumerate(["/", "/plain", inner, deep]):
            file.create_carray(group, f"c{number}", obj=[1, 2, 3])
        file.create_carray(deep, "own", obj=[1] * 99, filters=library.Filters(1, "blosc:lz4"))


def levels(path, library):
    with library.open_file(path) as file:
        return {
            node._v_pathname: (
                node.filters.complib.removesuffix(":blosclz"),
                node.filters.complevel,
            )
            for node in file.walk_nodes("/", "CArray")
        }


@pytest.mark.parametrize(("maker", "goer_on"), list(product([tt, tables], repeat=2)))
def test_handed_on(tmp_path, maker, goer_on):
    path = tmp_path / "a.h5"
    make(maker, path)
    with goer_on.open_file(path, "a") as file:
        file.create_carray("/inner/deep", "later", obj=[1, 2])
        file.create_carray("/plain", "later", obj=[1, 2])
        file.create_group("/inner/deep", "deeper")
        file.create_carray("/inner/deep/deeper", "later", obj=[1, 2])
    found = levels(path, tt)
    assert found == levels(path, tables)
    zlib, blosc2 = ("zlib", 5), ("blosc2:zstd", 3)
    assert found == {
        "/c0": zlib,
        "/plain/c1": zlib,
        "/plain/later": zlib,
        "/inner/c2": blosc2,
        "/inner/deep/c3": blosc2,
        "/inner/deep/later": blosc2,
        "/inner/deep/deeper/later": blosc2,
        "/inner/deep/own": ("blosc:lz4", 1),
    }


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    "way",
    [{}, {"shuffle": False}, {"fletcher32": True}, {"shuffle": False, "bitshuffle": True}],
)
def test_kept_alike(tmp_path, library, way):
    if library == "zlib" and "bitshuffle" in way:
        pytest.skip("zlib has no bitshuffle")
    kept = []
    for maker in (tt, tables):
        path = tmp_path / f"{maker.__name__}.h5"
        with maker.open_file(path, "w", filters=maker.Filters(7, library, **way)) as file:
            kept.append(file.get_node_attr("/", "FILTERS"))
        with tt.open_file(path) as file:
            assert file.filters == tt.Filters(7, library, **way)
    if maker is tables:
        assert repr(kept[1]).startswith("Filters")  # PyTables shows what it is


@pytest.mark.parametrize("kept", ["text", -1, 2**63 - 1, [1, 2], 0x1105])
def test_what_is_no_filters_is_left_alone(tmp_path, kept):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as file:
        file.root._v_attrs.FILTERS = kept
    with tt.open_file(path, "a") as file:
        assert file.create_carray("/", "c", obj=[1, 2, 3])[:].tolist() == [1, 2, 3]
