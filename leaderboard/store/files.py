"""How the store's files lie: DATASET/MODEL/ID.json, events beside it, each written once."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deblur.language import say
from deblur.records.run_result import RunResult
from leaderboard.store.entries import EVENTS

REPORTED, VOTES = "reported", "votes"
_APART = {REPORTED, VOTES}
"""Folders of a store that hold no entries."""

_FILE = re.compile(rf"(?P<id>[0-9a-f]{{16}})(\.(?P<event>{'|'.join(EVENTS)}))?\.json")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True)
class EntryFiles:
    """An entry's file and those of its events; `key` changes whenever one of them does.

    A file of what a paper reports has no events.
    """

    path: Path
    events: Mapping[str, Path]
    key: str

    @property
    def id(self) -> str:
        """The entry's id, as its file's name says it."""
        return self.path.stem


@dataclass
class Found:
    """What lies in a store; `problems` names what does not belong there."""

    entries: list[EntryFiles] = field(default_factory=list)
    reported: list[EntryFiles] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def safe_name(name: str) -> str:
    """A name as a folder's: without separators, and such as every file system takes."""
    text = re.sub(r"[^A-Za-z0-9._ +@()-]", "_", name.replace("/", "--"))[:_MAX_NAME_CHARACTERS]
    text = re.sub(r"^\.|[. ]+$", "_", text.lstrip(" "))
    return f"_{text}" if not text or _DEVICE.fullmatch(text) or text.lower() in _APART else text


def place_of(record: RunResult) -> Path:
    """Where a record lies below the store's root."""
    return Path(safe_name(record.dataset.name), safe_name(record.model.name), f"{record.id}.json")


def is_id(text: str) -> bool:
    """Whether a text can be the id of an entry."""
    return _FILE.fullmatch(f"{text}.json") is not None and "." not in text


def path_of(root: Path, id: str) -> Path | None:
    """Where the entry of an id lies in a store, None where there is none; a vote is no entry."""
    if not is_id(id):
        return None
    found = (
        Path(model.path, f"{id}.json")
        for dataset in _folders(root, Found())
        if dataset.name not in _APART
        for model in _folders(Path(dataset), Found())
    )
    return next((path for path in found if path.is_file()), None)


def scan(root: Path) -> Found:
    """Everything in a store, in the order of paths; hidden files are not looked at."""
    found = Found()
    for dataset in _folders(root, found):
        if dataset.name not in _APART:
            for model in _folders(Path(dataset), found):
                _scan_model(model.path, found)
    for each in _visible(str(root / REPORTED), found):
        if each.name.endswith(".json"):
            found.reported += _files_of({"": each}, found)
    return found


def _folders(folder: Path, found: Found) -> Iterator[os.DirEntry[str]]:
    """The folders in one; files do not belong there, but for a README at the root."""
    for each in _visible(str(folder), found):
        if each.is_dir(follow_symlinks=False):
            yield each
        elif each.name != "README.md":
            found.problems.append(
                say("{file} is no folder of entries; move it elsewhere", file=each.path)
            )


def _scan_model(folder: str, found: Found) -> None:
    groups: dict[str, dict[str, os.DirEntry[str]]] = {}
    for each in _visible(folder, found):
        match = _FILE.fullmatch(each.name)
        if match and each.is_file(follow_symlinks=False):
            groups.setdefault(match["id"], {})[match["event"] or ""] = each
        else:
            found.problems.append(
                say("{file} is no file of the store; move it elsewhere", file=each.path)
            )
    for files in groups.values():
        if "" in files:
            found.entries += _files_of(files, found)
        else:
            found.problems += [
                say("{file} belongs to no entry", file=each.path) for each in files.values()
            ]


def _files_of(files: Mapping[str, os.DirEntry[str]], found: Found) -> Iterator[EntryFiles]:
    """An entry's files, unless they cannot be looked at."""
    path, marks = files[""].path, []
    try:
        for event, each in files.items():
            stat = each.stat()
            marks.append(f"{event}:{stat.st_size}:{stat.st_mtime_ns}")
    except OSError as error:
        found.problems.append(unreadable(path, error))
        return
    events = {event: Path(each) for event, each in files.items() if event}
    yield EntryFiles(Path(path), events, "|".join([path, *sorted(marks)]))


def unreadable(place: str | Path, error: OSError) -> str:
    """What the board says of a file or folder that the system does not let it read."""
    return say(
        "{file} cannot be read ({reason}): what is in it is missing until it can",
        file=place,
        reason=error.strerror,
    )


def _visible(folder: str, found: Found) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing where there is none, or where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            shown = [each for each in entries if not each.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        found.problems.append(unreadable(folder, error))
        return []
    return sorted(shown, key=lambda each: each.name)
