"""ZIP archives of others: bounded before they are read, and unpacked below one folder only."""

import os
import shutil
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from deblur.files.writing import replacing
from deblur.language import say

_PLAIN_FILE = 0o100000
_KIND = 0o170000
_END = struct.Struct("<4s4H2LH")
_END_64_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_MAX_COMMENT_BYTES = 1 << 16
_DIRECTORY_BYTES_EACH = 1 << 10
"""A member's line in the directory: 46 bytes, its name, and what its archiver adds."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold: members, bytes of all together and of each, unpacked."""

    members: int
    bytes: int
    bytes_each: int


@dataclass(frozen=True)
class Placement:
    """A member of an archive, and the path below the folder, with slashes, that it goes to."""

    member: ZipInfo
    path: str


def is_inner_path(path: str) -> bool:
    """Whether a path with slashes is relative and leads nowhere else, on every system."""
    wild = any(part in ("", ".", "..") for part in path.split("/"))
    return not wild and not {*path} & {"\\", ":", "\0"}


def list_members(archive: Path, limits: ArchiveLimits) -> list[ZipInfo]:
    """The members of an archive.

    Its directory is only read when it has no more bytes than `limits.members` could fill, so
    that a small file cannot fill the memory. Raises BadZipFile when it is damaged or too large.
    """
    size = _directory_bytes(archive)
    if size > limits.members * _DIRECTORY_BYTES_EACH:
        raise BadZipFile(
            f"its directory has {size:,} bytes, more than {limits.members:,} files need"
        )
    with ZipFile(archive) as opened:
        return opened.infolist()


def check_placements(
    placements: Sequence[Placement], folder: Path, limits: ArchiveLimits
) -> Iterator[tuple[str, list[str]]]:
    """What speaks against unpacking: a sentence's end, and the names of the members it is of.

    It looks at the paths that are going to be written, not at the members' own names.
    """
    if len(placements) > limits.members:
        yield (
            say(
                "are too many: {count}, and {members} are allowed",
                count=f"{len(placements):,}",
                members=f"{limits.members:,}",
            ),
            [],
        )
        return
    total = sum(each.member.file_size for each in placements)
    if total > limits.bytes:
        yield (
            say(
                "unpack to {total} bytes, and {bytes} are allowed",
                total=f"{total:,}",
                bytes=f"{limits.bytes:,}",
            ),
            [],
        )
    root = Path(os.path.realpath(folder))
    times = Counter(each.path.casefold() for each in placements)
    checks: dict[str, Callable[[Placement], bool]] = {
        say("has a path that leads out of the archive"): lambda each: (
            not _is_below(root, each.path)
        ),
        say("occurs twice"): lambda each: times[each.path.casefold()] > 1,
        say("is not a regular file"): lambda each: _kind(each.member) not in (0, _PLAIN_FILE),
        say("is encrypted"): lambda each: bool(each.member.flag_bits & 1),
        say("unpacks to more than {most} bytes", most=f"{limits.bytes_each:,}"): lambda each: (
            each.member.file_size > limits.bytes_each
        ),
    }
    for sentence, wrong in checks.items():
        if found := [each.member.filename for each in placements if wrong(each)]:
            yield sentence, found


def unpack_members(
    archive: Path, placements: Sequence[Placement], folder: Path, limits: ArchiveLimits
) -> None:
    """Write members below a folder, each whole or not at all; nothing before all are checked.

    Raises BadZipFile for what `check_placements` finds, and what zipfile and the disk raise.
    """
    for sentence, names in check_placements(placements, folder, limits):
        raise BadZipFile(f"{', '.join(names[:3]) or 'its members'} {sentence}")
    with ZipFile(archive) as opened:
        for each in placements:
            with (
                opened.open(each.member) as source,
                replacing(folder / each.path) as temporary,
                temporary.open("wb") as target,
            ):
                shutil.copyfileobj(source, target)


def _is_below(root: Path, path: str) -> bool:
    """Whether a path stays below a folder, through every link that lies there."""
    return is_inner_path(path) and Path(os.path.realpath(root / path)).is_relative_to(root)


def _kind(member: ZipInfo) -> int:
    return (member.external_attr >> 16) & _KIND


def _directory_bytes(archive: Path) -> int:
    """The size of an archive's directory as its end says it, which is what zipfile reads."""
    with archive.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        tail_length = min(end, _END.size + _MAX_COMMENT_BYTES + _END_64_LOCATOR.size)
        stream.seek(end - tail_length)
        tail = stream.read(tail_length)
        at = tail.rfind(b"PK\5\6")
        if at < 0 or at + _END.size > len(tail):
            raise BadZipFile("File is not a zip file")
        size = int(_END.unpack_from(tail, at)[5])
        locator = at - _END_64_LOCATOR.size
        if locator < 0 or not tail.startswith(b"PK\6\7", locator):
            return size
        stream.seek(max(0, end - tail_length + locator - _END_64.size))
        record = stream.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(b"PK\6\6"):
        return size
    return int(_END_64.unpack(record)[8])
