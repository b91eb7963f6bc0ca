"""EXIF and ICC: what of them goes back out with the restored photo."""

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageCms

EXIF_PREFIX = b"Exif\0\0"
EXIF_IFD = int(ExifTags.IFD.Exif)
GPS_IFD = int(ExifTags.IFD.GPSInfo)
INTEROP_IFD = int(ExifTags.IFD.Interop)
ORIENTATION = int(ExifTags.Base.Orientation)
# Of a TIFF's main directory, what tells of the photo; the rest tells how that file is laid out.
PHOTO_TAGS = frozenset(
    {270, 271, 272, 282, 283, 296, 305, 306, 315, 316, 18246, 18249, 33432}
    | {40091, 40092, 40093, 40094, 40095, EXIF_IFD, GPS_IFD}
)
_THUMBNAIL_PLACES = ((0x201, 0x202), (0x111, 0x117))
_SHORT = 3
_LONG = 4


@dataclass(frozen=True)
class Metadata:
    """What a file says besides its pixels; `orientation` is the EXIF one, 1 to 8."""

    orientation: int = 1
    exif: bytes | None = None
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def metadata_of(
    exif: bytes | None, icc_profile: bytes | None, notes: tuple[str, ...] = ()
) -> Metadata:
    """Take the orientation and the thumbnail out of `exif`; damaged EXIF is left out, with a note.

    `exif` is a TIFF block, with or without b"Exif\\0\\0" before it.
    """
    icc_profile = icc_profile or None
    if not exif:
        return Metadata(icc_profile=icc_profile, notes=notes)
    try:
        orientation, exif = _upright(exif)
    except (struct.error, KeyError):
        note = "its EXIF data is damaged and was left out"
        return Metadata(icc_profile=icc_profile, notes=(*notes, note))
    return Metadata(orientation, exif, icc_profile, notes)


def _upright(exif: bytes) -> tuple[int, bytes]:
    """Change bytes in place: maker notes point at offsets, so nothing before them may move."""
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


def exif_from_tags(tags: Image.Exif) -> bytes | None:
    """A block of EXIF of what a TIFF's own directory says about the photo, None for nothing."""
    kept = Image.Exif()
    for tag, value in photo_tags(tags).items():
        kept[tag] = value
    if ORIENTATION in tags:
        kept[ORIENTATION] = tags[ORIENTATION]
    return kept.tobytes() if len(kept) else None


def photo_tags(tags: Image.Exif) -> dict[int, Any]:
    """What tells of the photo, its camera and its place, with whole directories as dictionaries."""
    found: dict[int, Any] = {}
    for tag in PHOTO_TAGS.intersection(tags):
        found[tag] = dict(tags.get_ifd(tag)) if tag in (EXIF_IFD, GPS_IFD) else tags[tag]
    if INTEROP_IFD in found.get(EXIF_IFD, {}):
        found[EXIF_IFD][INTEROP_IFD] = dict(tags.get_ifd(INTEROP_IFD))
    return {tag: value for tag, value in found.items() if value not in ({}, "", b"")}


def cms_transform(
    icc_profile: bytes, mode: str, output_mode: str = "RGB"
) -> ImageCms.ImageCmsTransform | None:
    """From the colours of the profile to sRGB; None when the profile does not fit or is damaged."""
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(icc_profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            output_mode,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def profile_changes_colours(icc_profile: bytes, channels: int) -> bool:
    """Whether 8-bit colours read through the profile differ by more than 1 from sRGB."""
    mode = "L" if channels == 1 else "RGB"
    transform = cms_transform(icc_profile, mode)
    if transform is None:
        return False
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(18, -1, channels)
    stored = Image.fromarray(colours[..., 0] if channels == 1 else colours)
    shown = transform.apply(stored)
    difference = np.asarray(stored.convert("RGB"), np.int16) - np.asarray(shown, np.int16)
    return bool(np.abs(difference).max() > 1)
