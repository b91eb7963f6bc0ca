"""Folders of training data, on disk or inside a ZIP archive, and the files in them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal
from zipfile import BadZipFile, ZipFile

from deblur.errors import TrainingDataError
from deblur.files import is_set_aside

MANIFEST = "manifest.json"


@dataclass(frozen=True, order=True)
class DataFile:
    """A file by the folder or archive that holds it, and its name in there, with slashes."""

    root: Path
    name: str

    def __str__(self) -> str:
        return f"{self.root.as_posix()}/{self.name}"

    def open(self) -> IO[bytes]:
        """Its bytes, to be read and sought. Raises OSError or BadZipFile when there are none."""
        if self.root.suffix.lower() == ".zip" and self.root.is_file():
            return _opened(self.root, os.getpid()).open(self.name)
        return (self.root / self.name).open("rb")


@dataclass(frozen=True)
class Tree:
    """All files below a folder: `names` are relative to `path`, with slashes, and sorted.

    `path` may lead into an archive (`FILE.zip/inner/folder`); `root` is then the archive and
    `inner` what follows, with a slash at its end.
    """

    path: Path
    root: Path
    inner: str
    names: tuple[str, ...]

    def file(self, name: str) -> DataFile:
        """The file of that relative name."""
        return DataFile(self.root, self.inner + name)

    def folders(self, below: str = "") -> list[str]:
        """Names of the folders directly below one that is given with a slash at its end."""
        inside = [name[len(below) :] for name in self.names if name.startswith(below)]
        return sorted({name.partition("/")[0] for name in inside if "/" in name})

    def below(self, folder: str) -> "Tree":
        """The part of it below a folder, given with a slash at its end."""
        names = [name[len(folder) :] for name in self.names if name.startswith(folder)]
        return Tree(self.path / folder, self.root, self.inner + folder, tuple(names))


def open_tree(path: Path) -> Tree:
    """List a folder, or one inside an archive.

    Raises TrainingDataError when there is no such folder or the archive is damaged.
    """
    archive = _archive_of(path)
    if archive is None:
        if not path.is_dir():
            raise TrainingDataError(
                f"{path} is not a folder, nor a ZIP archive, nor a folder inside one"
            )
        names = [each.relative_to(path).as_posix() for each in _files_below(path)]
        return Tree(path, path, "", _sorted(names))
    inner = path.relative_to(archive).as_posix() + "/"
    inner = "" if inner == "./" else inner
    try:
        listed = _opened(archive, os.getpid()).namelist()
    except (OSError, BadZipFile) as error:
        raise TrainingDataError(
            f"{archive}: cannot be read as a ZIP archive ({error}); fetch or pack it again"
        ) from error
    names = [name[len(inner) :] for name in listed if name.startswith(inner)]
    names = [name for name in names if name and not name.endswith("/")]
    names = [name for name in names if not any(map(is_set_aside, name.split("/")))]
    if not names:
        raise TrainingDataError(f"{archive} holds no folder {inner!r}")
    return Tree(path, archive, inner, _sorted(names))


def packed_sources(tree: Tree) -> list[Mapping[str, Any]]:
    """What `pack` wrote down about a whole archive: kind and path of each source, and more."""
    if tree.inner or MANIFEST not in tree.names:
        return []
    with tree.file(MANIFEST).open() as stream:
        try:
            return list(json.load(stream)["sources"])
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingDataError(
                f"{tree.root}/{MANIFEST} is not what `pack` writes ({error!r}); pack it again"
            ) from error


def kind_of(path: Path) -> Literal["photos", "pairs", "frames", "gopro"]:
    """The kind of source that a folder or archive looks like.

    Photos when there is no such path. Raises TrainingDataError when an archive was packed from
    several sources, or is damaged.
    """
    if not path.is_dir() and _archive_of(path) is None:
        return "photos"
    tree = open_tree(path)
    packed = packed_sources(tree)
    if len(packed) > 1:
        names = ", ".join(f"{each['kind']}:{path}/{each['path']}" for each in packed)
        raise TrainingDataError(f"{path} holds several sources, to be named singly: {names}")
    if packed:
        return packed[0]["kind"]
    if any("sharp" in tree.folders(f"train/{name}/") for name in tree.folders("train/")):
        return "gopro"
    return "pairs" if "blur" in tree.folders() else "photos"


def _files_below(root: Path) -> Iterator[Path]:
    """Those in linked folders, too, each folder once."""
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders[:] = sorted(name for name in folders if not is_set_aside(name))
        kept = (Path(folder, name) for name in files if not is_set_aside(name))
        yield from (each for each in kept if each.is_file())


def _archive_of(path: Path) -> Path | None:
    """The archive that a path is or leads into."""
    for each in (path, *path.parents):
        if each.suffix.lower() == ".zip" and each.is_file():
            return each
    return None


@lru_cache(maxsize=8)
def _opened(archive: Path, process: int) -> ZipFile:
    """An archive, opened by each process for itself: forked ones would share one position."""
    return ZipFile(archive)


def _sorted(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: PurePosixPath(name).parts))
