"""An AVIF's boxes with more in them: items that tell of the picture, and its ICC profile.

Sources: ISO/IEC 14496-12 (boxes, iinf, iloc, iref), 23008-12 (iprp).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FULL = 4
"""Bytes of version and flags in front of what a full box holds."""


@dataclass(frozen=True)
class Item:
    """What tells of the picture: its kind, its name and type as infe ends with, and the bytes."""

    kind: bytes
    ending: bytes
    content: bytes


def with_items(data: bytes, items: Sequence[Item], icc_profile: bytes | None) -> bytes:
    """The file of one picture, as libavif writes it, with `items` behind it and its profile.

    Raises ValueError where it is laid out in another way.
    """
    if not items and not icc_profile:
        return data
    boxes = list(_boxes(data))
    if [kind for kind, _ in boxes] != [b"ftyp", b"meta", b"mdat"]:
        raise ValueError("the boxes of an AVIF are not those that were expected")
    old = boxes[1][1]
    # How long it is does not depend on where things begin, which its own length decides.
    moved = len(_meta(old, items, icc_profile, 0, 0)) - len(old)
    behind = len(data) + moved + 8
    boxes[1] = (b"meta", _meta(old, items, icc_profile, moved, behind))
    if items:
        boxes.append((b"mdat", b"".join(item.content for item in items)))
    return b"".join(_box(*each) for each in boxes)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            raise ValueError("a box of unknown length")
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _meta(
    content: bytes, items: Sequence[Item], icc_profile: bytes | None, moved: int, behind: int
) -> bytes:
    """The box with the items, which begin at `behind`, after all else moved by so many bytes."""
    inner = dict(_boxes(content[_FULL:]))
    (main,) = struct.unpack_from(">H", inner[b"pitm"], _FULL)
    (count,) = struct.unpack_from(">H", inner[b"iinf"], _FULL)
    numbers = range(count + 1, count + 1 + len(items))
    inner[b"iloc"] = _places(inner[b"iloc"], moved, numbers, items, behind)
    inner[b"iinf"] = _kinds(inner[b"iinf"], numbers, items)
    if items:
        references = inner.get(b"iref", bytes(_FULL))
        for number in numbers:
            references += _box(b"cdsc", struct.pack(">3H", number, 1, main))
        properties = inner.pop(b"iprp")
        inner |= {b"iref": references, b"iprp": properties}
    if icc_profile:
        inner[b"iprp"] = _properties(inner[b"iprp"], main, icc_profile)
    return content[:_FULL] + b"".join(_box(*each) for each in inner.items())


def _places(
    iloc: bytes, moved: int, numbers: Sequence[int], items: Sequence[Item], behind: int
) -> bytes:
    """Version 0, offsets and lengths of four bytes, one extent each."""
    if iloc[: _FULL + 2] != b"\0\0\0\0\x44\0":
        raise ValueError("an iloc box of another form")
    (count,) = struct.unpack_from(">H", iloc, _FULL + 2)
    known = [struct.unpack_from(">3H2I", iloc, _FULL + 4 + 14 * place) for place in range(count)]
    if any(extents != 1 for _, _, extents, _, _ in known):
        raise ValueError("a picture in several pieces")
    found = [(item, source, 1, at + moved, length) for item, source, _, at, length in known]
    for number, item in zip(numbers, items, strict=True):
        found.append((number, 0, 1, behind, len(item.content)))
        behind += len(item.content)
    rows = b"".join(struct.pack(">3H2I", *row) for row in found)
    return iloc[: _FULL + 2] + struct.pack(">H", len(found)) + rows


def _kinds(iinf: bytes, numbers: Sequence[int], items: Sequence[Item]) -> bytes:
    added = b"".join(
        _box(b"infe", b"\2\0\0\0" + struct.pack(">2H", number, 0) + item.kind + item.ending)
        for number, item in zip(numbers, items, strict=True)
    )
    (count,) = struct.unpack_from(">H", iinf, _FULL)
    return iinf[:_FULL] + struct.pack(">H", count + len(items)) + iinf[_FULL + 2 :] + added


def _properties(iprp: bytes, main: int, icc_profile: bytes) -> bytes:
    """The profile as the last property, which the main picture has."""
    inner = dict(_boxes(iprp))
    inner[b"ipco"] += _box(b"colr", b"prof" + icc_profile)
    number = sum(1 for _ in _boxes(inner[b"ipco"]))
    ipma = bytearray(inner[b"ipma"])
    if ipma[:_FULL] != bytes(_FULL) or number > 0x7F:
        raise ValueError("an ipma box of another form")
    at = _FULL + 4
    while int.from_bytes(ipma[at : at + 2], "big") != main:
        at += 3 + ipma[at + 2]
    end = at + 3 + ipma[at + 2]
    ipma[at + 2] += 1
    ipma[end:end] = bytes((number,))
    inner[b"ipma"] = bytes(ipma)
    return b"".join(_box(*each) for each in inner.items())
