"""longtake beside others: the same data, in the same run, in turn.

``python -m benchmarks`` runs every case; ``--write`` puts the figures into docs/benchmarks.md.
"""

from __future__ import annotations

import os

# One core means one: said before numpy and numba are loaded, which read it once.
for _library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "BLOSC"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
