"""Files: found, written whole or not at all, created once, unpacked below one folder only."""

from deblur.files.finding import files_below, is_set_aside
from deblur.files.hiding import without_folders
from deblur.files.unpacking import (
    ArchiveLimits,
    Placement,
    check_placements,
    is_inner_path,
    list_members,
    unpack_members,
)
from deblur.files.writing import create_once, creating, locked, replace_file, replacing, sweep

__all__ = [
    "ArchiveLimits",
    "Placement",
    "check_placements",
    "create_once",
    "creating",
    "files_below",
    "is_inner_path",
    "is_set_aside",
    "list_members",
    "locked",
    "replace_file",
    "replacing",
    "sweep",
    "unpack_members",
    "without_folders",
]
