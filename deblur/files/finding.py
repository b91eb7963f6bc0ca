"""Which files of a folder are the user's, and which a system or a device left there."""

from pathlib import Path

_LEFT_BY_SYSTEMS = frozenset(
    {
        "__macosx",
        "@eadir",
        "@recycle",
        "@recently-snapshot",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "lost+found",
        "system volume information",
    }
)


def is_set_aside(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or was made by a system for itself.

    Dot files, AppleDouble's `._NAME` among them, what macOS packs as `__MACOSX`, thumbnails and
    bins of a NAS (`@eaDir`, `#recycle`), bins of Windows.
    """
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS


def files_below(folder: Path) -> list[Path]:
    """The files in and below `folder`, sorted, without what `is_set_aside`.

    The folder's own name may be any: it was named. Linked folders are not entered.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if not any(map(is_set_aside, path.relative_to(folder).parts)) and path.is_file()
    )
