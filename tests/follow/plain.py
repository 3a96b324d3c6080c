"""A dataset that is an array, and is written to by the test that reads it."""

from __future__ import annotations

import numpy as np


class Plain:
    """What followers ask of a dataset, and how often they did."""

    def __init__(self, values, maxshape=None, on_refresh=lambda: None):
        self.values = np.asarray(values)
        self.maxshape = self.values.shape if maxshape is None else maxshape
        self.on_refresh = on_refresh
        self.read = 0

    shape = property(lambda self: self.values.shape)
    size = property(lambda self: self.values.size)
    ndim = property(lambda self: self.values.ndim)
    dtype = property(lambda self: self.values.dtype)

    def __getitem__(self, selection):
        found = self.values[selection]
        self.read += np.size(found)
        return found

    def refresh(self):
        self.on_refresh()
