"""The code of trackpy's streaming tutorial, with only the import line changed, on its frames."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pims
import pytest
import trackpy

import longtake.tracking as tp

STORES = [
    "PandasHDFStore",
    "PandasHDFStoreBig",
    "PandasHDFStoreSingleNode",
    "FramewiseStore",
]


@pytest.fixture(scope="module")
def images(bulk_water):
    @pims.pipeline
    def gray(image):
        return image[:, :, 0]

    return gray(pims.open(f"{bulk_water}/*.png"))[:10]


@pytest.fixture(scope="module")
def theirs(images) -> pd.DataFrame:
    """What trackpy finds and links."""
    trackpy.quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = trackpy.batch(images, 11, invert=True, processes=1)
        return trackpy.link(found, 3)


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    columns = ["y", "x", "mass", "size", "ecc", "signal", "raw_mass", "ep", "frame"]
    assert ours.columns.tolist()[:9] == columns
    assert len(ours) == len(theirs)
    for name in columns:
        tolerance = 1e-10 if name == "ep" else 1e-7
        np.testing.assert_allclose(ours[name], theirs[name], rtol=tolerance, atol=0, err_msg=name)


def assert_same_partition(ours, theirs) -> None:
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert len(pairs) == len(set(ours.tolist())) == len(set(theirs.tolist()))


@pytest.mark.parametrize("kind", STORES)
def test_the_tutorial(tmp_path, images, theirs, kind, capsys):
    Store = getattr(tp, kind)
    path = str(tmp_path / "data.h5")
    with Store(path) as s:
        for image in images:
            features = tp.locate(image, 11, invert=True)
            s.put(features)
    with Store(path) as s:
        one_by_one = s.dump()
    (tmp_path / "data.h5").unlink()

    with Store(path) as s:
        tp.batch(images, 11, invert=True, output=s)
    assert capsys.readouterr().out == "Frame 9: 563 features\n"
    with Store(path) as s:
        frame_2_results = s.get(2)
    assert frame_2_results["frame"].unique().tolist() == [2]
    with Store(path) as s:
        all_results = s.dump()
    pd.testing.assert_frame_equal(all_results, one_by_one)
    assert_equal(all_results, theirs)
    assert_equal(frame_2_results, theirs[theirs["frame"] == 2])

    with Store(path) as s:
        for linked in tp.link_df_iter(s, 3, neighbor_strategy="KDTree"):
            s.put(linked)
    assert capsys.readouterr().out == "Frame 9: 563 trajectories present\n"
    with Store(path) as s:
        frame_2_results = s.get(2)
        assert s.max_frame == 9
        assert s.t_column == "frame"
        assert len(s.dump(3)) == sum(len(s[i]) for i in range(3))
        linked = s.dump()
    assert frame_2_results.columns[-1] == "particle"
    assert_equal(linked, theirs)
    assert_same_partition(linked["particle"], theirs["particle"])


def test_an_own_interface(images):
    """As the tutorial's end says: put, get, close, __iter__, max_frame and t_column are enough."""

    class InMemory(tp.FramewiseData):
        def __init__(self):
            self.tables = {}

        t_column = "frame"

        def put(self, df):
            self.tables[int(df["frame"].iloc[0])] = df

        def get(self, frame_no):
            return self.tables[frame_no]

        def close(self):
            pass

        def __iter__(self):
            return (self.get(number) for number in sorted(self.tables))

        @property
        def max_frame(self):
            return max(self.tables)

    tp.quiet()
    store = tp.batch(images[:3], 11, invert=True, output=InMemory())
    for linked in tp.link_df_iter(store, 3):
        store.put(linked)
    tp.quiet(False)
    assert store[2].columns[-1] == "particle"
    assert store.frames == [0, 1, 2]


def test_quiet_silences(images, capsys):
    tp.quiet()
    tp.batch(images[:1], 11, invert=True)
    tp.quiet(False)
    assert capsys.readouterr().out == ""
