"""How the numerical kernels are compiled, and the smallest of their parts.

Compiling is what a first call waits for, and it takes as long as there is code. So arrays are made
outside, in numpy, and passed in; and a part, which only kernels call, gets no entry from Python
(called from there, it would crash). A part is compiled anew for every constant that it is given.
"""

from __future__ import annotations

from typing import Any

from numba import njit

# Division as numpy's, without a test for zero. No entry from C, and no counting of references:
# nothing is allocated.
_options: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
# Kept on disk, run without holding the interpreter.
_kernel_options: dict[str, Any] = {**_options, "cache": True, "nogil": True}
_part_options: dict[str, Any] = {**_options, "no_cpython_wrapper": True}

kernel = njit(**_kernel_options)
part = njit(**_part_options)


@part
def within(index, length):
    """Give the index in a row of that length that is nearest to `index`."""
    return 0 if index < 0 else index if index < length else length - 1


@part
def fill(row, value):
    """Set all of a row to a value."""
    for x in range(len(row)):
        row[x] = value


@part
def copy(row, out):
    """Copy a row, converting its values to the dtype of `out`."""
    for x in range(len(row)):
        out[x] = row[x]
