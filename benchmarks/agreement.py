"""Do both give the same? A comparison of speeds means nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


class Disagreement(Exception):
    """trackpy and longtake gave different results."""


def same_features(theirs: pd.DataFrame, ours: pd.DataFrame) -> None:
    """Raise unless both tables hold the same features, in the same order."""
    if len(theirs) != len(ours):
        raise Disagreement(f"trackpy finds {len(theirs)} features, longtake {len(ours)}")
    for name in theirs.columns.intersection(ours.columns).difference(["particle"]):
        # Where no noise can be estimated, both give NaN.
        if not np.allclose(theirs[name], ours[name], rtol=1e-7, atol=0, equal_nan=True):
            raise Disagreement(f"trackpy and longtake differ in the column {name!r}")


def same_links(theirs: Iterable[np.ndarray], ours: Iterable[np.ndarray]) -> None:
    """Raise unless both divide the rows into the same trajectories, however numbered."""
    their_ids, our_ids = (np.concatenate([*ids]).astype(np.int64) for ids in (theirs, ours))
    if len(their_ids) != len(our_ids):
        raise Disagreement(f"trackpy links {len(their_ids)} rows, longtake {len(our_ids)}")
    pairs = np.unique(np.stack([their_ids, our_ids]), axis=1).shape[1]
    counts = (len(np.unique(their_ids)), len(np.unique(our_ids)))
    if counts != (pairs, pairs):
        raise Disagreement(f"trackpy makes {counts[0]} trajectories, longtake other {counts[1]}")
