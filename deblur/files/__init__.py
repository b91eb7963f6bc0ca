"""Files: written whole or not at all, created once, and unpacked below one folder only."""

from deblur.files.hiding import without_folders
from deblur.files.unpacking import (
    ArchiveLimits,
    Placement,
    check_placements,
    is_inner_path,
    list_members,
    unpack_members,
)
from deblur.files.writing import create_once, creating, locked, replace_file, replacing

__all__ = [
    "ArchiveLimits",
    "Placement",
    "check_placements",
    "create_once",
    "creating",
    "is_inner_path",
    "list_members",
    "locked",
    "replace_file",
    "replacing",
    "unpack_members",
    "without_folders",
]
