"""Own data in three shares, 7:2:1, so that near-duplicates are never on both sides."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise, takewhile
from pathlib import Path, PurePosixPath

from PIL import ExifTags, Image

from deblur.errors import TrainingDataError
from deblur.files import replace_file
from deblur.synthesis.blur import BURST_FRAMES
from deblur.training.config import SourceConfig, Split
from deblur.training.data.folders import Item, list_items, open_source
from deblur.training.data.photos import UNREADABLE
from deblur.training.tree import DataFile

MAX_BURST_FRAMES = BURST_FRAMES[-1]
"""Frames in the longest exposure that is averaged from a clip."""

BURST_SECONDS = 10
_TRAIN, _VALIDATION = 0.7, 0.9
_TOO_LARGE_FOR_A_FRAME = 10_000
_CAMERA = re.compile(
    r"(_?(img|image|dsc|dscn|dscf|dsci|sam|pict?|picture|photo|foto|pxl|mvi|dji|cimg|imgp|gopr|"
    r"gp|gx|p|wp)[-_ ]?[a-z]?)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"(.*?)[-_ .]?(?:frame|burst)[-_ .]?\d+.*", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)[-_ .]+(\d+)")


def split_source(source: SourceConfig) -> dict[Split, list[Item]]:
    """The three shares of what a source holds; together they are all of it, but for frames.

    Frames fall into three stretches of the clip, with `MAX_BURST_FRAMES` frames left out
    between them. Everything else goes by group: a share of a group's hash is the same on every
    machine and stays when photos are added. Photos of one subfolder (of GoPro, one sequence)
    are a group; in a folder without subfolders, a scene: see `scene_of`, and photos taken
    within BURST_SECONDS of the one before. With few groups the shares are rough.

    Raises TrainingDataError when nothing is left to validate on.
    """
    items = list_items(source)
    shares = _stretches(items) if source.kind == "frames" else _by_group(_groups(items))
    if not shares["train"] or not shares["validation"]:
        raise TrainingDataError(
            f"{source.path}: its {len(items)} {source.kind} are too few, or too much of one "
            "scene, to keep a part of them for validation: pass --validation, or lay scenes "
            "into subfolders"
        )
    return shares


def items_of(source: SourceConfig) -> list[Item]:
    """What a source holds, of its share alone where it names one."""
    return split_source(source)[source.split] if source.split else list_items(source)


def write_split(path: Path, sources: Sequence[SourceConfig]) -> None:
    """Write what goes where as JSON: `[{kind, path, train: [names], validation, test}, ...]`.

    Names are relative to the source; of a pair, the sharp one's.
    """
    written = []
    for source in sources:
        inner = open_source(source).inner
        entry: dict[str, object] = {"kind": source.kind, "path": source.path}
        for share, items in split_source(source).items():
            entry[share] = [item[-1].name.removeprefix(inner) for item in items]
        written.append(entry)
    replace_file(path, json.dumps(written, indent=1, ensure_ascii=False) + "\n")


def scene_of(stem: str) -> str:
    """The scene in a file's name without suffix; the whole name when it tells of none.

    A scene is what stands before `frame` or `burst` and a number, or before a separator and a
    number: `GOPR0372_07_00` of `GOPR0372_07_00-000047`. Not so for what cameras and collections
    count: `IMG_1234`, `DSC01234`, plain numbers, numbers of 10000 and more (`cid22_330118`),
    and numbers of four digits and more after letters alone.
    """
    if word := _WORD.fullmatch(stem):
        return word[1]
    numbered = _NUMBERED.fullmatch(stem)
    if not numbered or _CAMERA.fullmatch(numbered[1]):
        return stem
    scene, number = numbered.groups()
    counter = len(number) > 3 and not any(map(str.isdigit, scene))
    return stem if counter or int(number) >= _TOO_LARGE_FOR_A_FRAME else scene


def taken(photo: DataFile) -> datetime | None:
    """When a photo was taken, by its EXIF DateTimeOriginal; None where it does not say."""
    try:
        with photo.open() as stream, Image.open(stream) as image:
            exif = image.getexif()
            written = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        return datetime.strptime(str(written), "%Y:%m:%d %H:%M:%S")
    except UNREADABLE:
        return None


def _stretches(items: list[Item]) -> dict[Split, list[Item]]:
    last, gap = len(items), MAX_BURST_FRAMES
    ends = [round(last * share) for share in (_TRAIN, _VALIDATION)]
    cut = (items[: ends[0]], items[ends[0] + gap : ends[1]], items[ends[1] + gap :])
    train, validation, test = (stretch if len(stretch) >= gap else [] for stretch in cut)
    return {"train": train, "validation": validation, "test": test}


def _by_group(groups: Mapping[str, list[Item]]) -> dict[Split, list[Item]]:
    """Each group by its hash; one that is not there but needed gets the nearest group."""
    names = sorted(groups, key=_position)
    train = [name for name in names if _position(name) < _TRAIN] or names[:1]
    rest = names[len(train) :]
    validation = [name for name in rest if _position(name) < _VALIDATION]
    if not validation and len(train) > 1:
        validation = [train.pop()]
    validation = validation or rest[:1]
    test = names[len(train) + len(validation) :]
    return {
        "train": sorted(item for name in train for item in groups[name]),
        "validation": sorted(item for name in validation for item in groups[name]),
        "test": sorted(item for name in test for item in groups[name]),
    }


def _position(name: str) -> float:
    """A number in [0, 1) that is the same for the same name everywhere."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def _groups(items: Sequence[Item]) -> dict[str, list[Item]]:
    folders = [PurePosixPath(item[-1].name).parent.parts for item in items]
    levels = takewhile(lambda parts: len({*parts}) == 1, zip(*folders, strict=False))
    shared = len([*levels])
    below = ["/".join(parts[shared:]) for parts in folders]
    flat = [item for item, folder in zip(items, below, strict=True) if not folder]
    groups: dict[str, list[Item]] = {}
    for item, folder in zip(items, below, strict=True):
        if folder:
            groups.setdefault(folder.removesuffix("/sharp"), []).append(item)
    for name, scene in _scenes(flat).items():
        groups.setdefault(name, []).extend(scene)
    return groups


def _scenes(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Photos of one folder by scene; a burst joins the scenes that its photos are named after."""
    names = [scene_of(PurePosixPath(item[-1].name).stem) for item in items]
    leader = {name: name for name in names}

    def lead(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    times = [(taken(item[-1]), name) for item, name in zip(items, names, strict=True)]
    dated = sorted((time, name) for time, name in times if time)
    for (before, one), (after, other) in pairwise(dated):
        if (after - before).total_seconds() <= BURST_SECONDS:
            first, second = sorted((lead(one), lead(other)))
            leader[second] = first
    scenes: dict[str, list[Item]] = {}
    for item, name in zip(items, names, strict=True):
        scenes.setdefault(lead(name), []).append(item)
    return scenes
