"""Functions for the results of a scan, under the names that users of swmr_tools import."""

from __future__ import annotations

from longtake.follow.nexus import copy_nexus_axes, create_nxdata, create_nxentry
from longtake.follow.positions import (
    convert_stack_to_grid,
    get_position,
    get_position_snake,
    get_position_snake_row,
    get_row_slice,
)
from longtake.follow.readable_file import check_file_readable
from longtake.follow.results import append_data, create_dataset, refresh_dataset

__all__ = [
    "append_data",
    "check_file_readable",
    "convert_stack_to_grid",
    "copy_nexus_axes",
    "create_dataset",
    "create_nxdata",
    "create_nxentry",
    "get_position",
    "get_position_snake",
    "get_position_snake_row",
    "get_row_slice",
    "refresh_dataset",
]
