"""EXIF: turned upright without its thumbnail, taken from a TIFF, and with tags added."""

import struct

from deblur.image_io.metadata.directories import (
    Block,
    Directory,
    Entries,
    Entry,
    laid_out,
    rational,
    shorts,
)
from deblur.image_io.metadata.extras import Resolution

EXIF_PREFIX = b"Exif\0\0"
EXIF_IFD, GPS_IFD, INTEROP_IFD = 34665, 34853, 40965
DESCRIPTION, ORIENTATION = 270, 274
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
# Of a TIFF's main directory, what tells of the photo; the rest tells how that file is laid out.
PHOTO_TAGS = frozenset(
    {DESCRIPTION, 271, 272, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 305, 306, 315, 316}
    | {18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
)
_UNIT_METRES = {2: 0.0254, 3: 0.01}
_THUMBNAIL_PLACES = ((0x201, 0x202), (0x111, 0x117))
_SHORT, _LONG = 3, 4


def upright_exif(exif: bytes) -> tuple[int, bytes]:
    """The orientation, 1 to 8, and the block that says upright and holds no thumbnail.

    Bytes are changed in place: maker notes point at offsets, so nothing before them may move.
    Raises struct.error or KeyError where it is damaged.
    """
    block = bytearray(exif.removeprefix(EXIF_PREFIX))
    endian = {b"II": "<", b"MM": ">"}[bytes(block[:2])]
    (directory,) = struct.unpack_from(endian + "I", block, 4)
    orientation = 1
    for tag, kind, at in _entries(block, endian, directory):
        if tag == ORIENTATION:
            orientation = _integer(block, endian, kind, at)
            struct.pack_into(endian + "HHIHH", block, at, tag, _SHORT, 1, 1, 0)
    _drop_thumbnail(block, endian, directory)
    return orientation if 1 <= orientation <= 8 else 1, EXIF_PREFIX + bytes(block)


def _entries(block: bytearray, endian: str, directory: int) -> list[tuple[int, int, int]]:
    (count,) = struct.unpack_from(endian + "H", block, directory)
    places = [directory + 2 + 12 * index for index in range(count)]
    return [(*struct.unpack_from(endian + "HH", block, at), at) for at in places]


def _integer(block: bytearray, endian: str, kind: int, at: int) -> int:
    value: int = struct.unpack_from(endian + ("I" if kind == _LONG else "H"), block, at + 8)[0]
    return value


def _drop_thumbnail(block: bytearray, endian: str, directory: int) -> None:
    link = directory + 2 + 12 * len(_entries(block, endian, directory))
    if link + 4 > len(block):
        return
    (second,) = struct.unpack_from(endian + "I", block, link)
    struct.pack_into(endian + "I", block, link, 0)
    if not link < second < len(block):
        return
    found = {
        tag: _integer(block, endian, kind, at) for tag, kind, at in _entries(block, endian, second)
    }
    for offset_tag, length_tag in _THUMBNAIL_PLACES:
        start = found.get(offset_tag, 0)
        end = min(start + found.get(length_tag, 0), len(block))
        if link < start < end:
            block[start:end] = bytes(end - start)
            if end == len(block):
                del block[start:]


def photo_directory(block: Block, entries: Entries) -> dict[int, "Entry | Directory"]:
    """What a main directory says of the photo, its camera and its place, without orientation."""
    found: dict[int, Entry | Directory] = {
        tag: entry for tag, entry in entries.items() if tag in PHOTO_TAGS
    }
    camera: dict[int, Entry | Directory] = dict(block.below(entries, EXIF_IFD))
    if INTEROP_IFD in camera:
        inner = block.below(block.below(entries, EXIF_IFD), INTEROP_IFD)
        camera = {**camera, INTEROP_IFD: inner} if inner else camera
        if not inner:
            del camera[INTEROP_IFD]
    place = block.below(entries, GPS_IFD)
    found |= {EXIF_IFD: camera} if camera else {}
    found |= {GPS_IFD: place} if place else {}
    return found


def exif_of_tiff(block: Block, entries: Entries) -> bytes | None:
    """A block of EXIF of what a TIFF's own directory says, None for nothing."""
    found = photo_directory(block, entries)
    if ORIENTATION in entries:
        found[ORIENTATION] = entries[ORIENTATION]
    return EXIF_PREFIX + _tiff_head(8) + laid_out(found, 8) if found else None


def tags_of_exif(exif: bytes) -> tuple[dict[int, "Entry | Directory"], bool]:
    """What EXIF says of the photo, for a TIFF's directory, and whether any of it was damaged."""
    try:
        block = Block(exif.removeprefix(EXIF_PREFIX))
        entries, _ = block.directory(block.first)
    except ValueError:
        return {}, True
    found = photo_directory(block, entries)
    return found, block.lost > 0


def resolution_of(entries: Entries) -> Resolution | None:
    """What a directory says in its XResolution, YResolution and ResolutionUnit."""
    sides = [entries[tag].ratio() for tag in (X_RESOLUTION, Y_RESOLUTION) if tag in entries]
    unit = (entries[RESOLUTION_UNIT].numbers(1) if RESOLUTION_UNIT in entries else ()) or (2,)
    if len(sides) < 2 or not all(side and 0 < side < 1e7 for side in sides):
        return None
    x, y = (float(side or 0) for side in sides)
    if unit[0] not in _UNIT_METRES:
        return Resolution(x, y, absolute=False) if x != y else None
    return Resolution(x / _UNIT_METRES[unit[0]], y / _UNIT_METRES[unit[0]])


def exif_resolution(exif: bytes) -> Resolution | None:
    """The resolution in a block of EXIF, None where there is none to be read."""
    try:
        block = Block(exif.removeprefix(EXIF_PREFIX))
        return resolution_of(block.directory(block.first)[0])
    except ValueError:
        return None


def resolution_tags(resolution: Resolution) -> Entries:
    """A resolution as a directory says it."""
    x, y = resolution.dots_per_inch if resolution.absolute else (resolution.x, resolution.y)
    unit = 2 if resolution.absolute else 1
    return {X_RESOLUTION: rational(x), Y_RESOLUTION: rational(y), RESOLUTION_UNIT: shorts(unit)}


def exif_with(exif: bytes | None, added: Entries) -> bytes:
    """The block with tags added to its main directory, where it has none of that number.

    The new directory lies behind all else, so that no offset changes. EXIF that is damaged, and
    None, become a block of the added tags alone.
    """
    try:
        body = bytearray((exif or b"").removeprefix(EXIF_PREFIX))
        block = Block(bytes(body))
        entries, _ = block.directory(block.first)
    except ValueError:
        return EXIF_PREFIX + _tiff_head(8) + laid_out(added, 8)
    missing = {tag: entry for tag, entry in added.items() if tag not in entries}
    if not missing or block.is_big:
        return exif or b""
    return EXIF_PREFIX + _appended(body, block, missing)


def _appended(body: bytearray, block: Block, missing: Entries) -> bytes:
    order = block.byte_order
    body += bytes(len(body) % 2)
    (count,) = struct.unpack_from(order + "H", body, block.first)
    old = [
        bytes(body[at : at + 12]) for at in range(block.first + 2, block.first + 2 + 12 * count, 12)
    ]
    at = len(body)
    behind = at + 2 + 12 * (count + len(missing)) + 4
    values = b""
    for tag, entry in missing.items():
        kind, amount, content = entry.little_endian()
        if order == ">":
            content = Entry(kind, amount, content, ">").little_endian()[2]
        if len(content) > 4:
            place, content = behind + len(values), content + bytes(len(content) % 2)
            values += content
            content = struct.pack(order + "I", place)
        old.append(struct.pack(order + "HHI", tag, kind, amount) + content.ljust(4, b"\0"))
    old.sort(key=lambda field: struct.unpack(order + "H", field[:2]))
    body += struct.pack(order + "H", len(old)) + b"".join(old) + bytes(4) + values
    struct.pack_into(order + "I", body, 4, at)
    return bytes(body)


def _tiff_head(first: int) -> bytes:
    return b"II*\0" + struct.pack("<I", first)
