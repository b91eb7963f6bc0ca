"""JPEG: 8 and 12 bits a sample, with all that its segments tell of the photo."""

import io
from collections.abc import Iterator

import imagecodecs
import numpy as np
from PIL import JpegImagePlugin

from deblur.image_io import pixels
from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.given import MAX_RECORD_BYTES, GivenFile
from deblur.image_io.metadata import xmp
from deblur.image_io.metadata.carried import note_on
from deblur.image_io.metadata.directories import Block
from deblur.image_io.metadata.extras import Extras, JpegCoding, Resolution
from deblur.image_io.metadata.found import metadata_of
from deblur.image_io.metadata.iptc import PHOTOSHOP, iptc_of
from deblur.image_io.readers.from_pillow import decoded, decoded_by_pillow
from deblur.image_io.readers.jpeg_quality import quality_of
from deblur.image_io.readers.jpeg_segments import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    COM,
    DQT,
    JpegLayout,
    layout_of,
)

EXIF_HEAD = b"Exif\0\0"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_HEAD = b"http://ns.adobe.com/xmp/extension/\0"
ICC_HEAD = b"ICC_PROFILE\0"
_PICTURES_HEAD = b"MPF\0"
_GAIN_MAP_HEAD = b"urn:iso:std:iso:ts:21496:-1\0"
# With these codings a block of 64 pixels takes at least a bit.
_HUFFMAN = (0xC0, 0xC1, 0xC2)
_SEQUENTIAL = (0xC0, 0xC1)
_MISSING = 128
"""What the last pixel is where the data of a sequential JPEG end before it: grey."""
_PICTURE_COUNT = 0xB001
_FILLER = bytes((151 * place + 170) % 255 for place in range(1024))
_PADDING = 64
_VIDEO_HEAD = 4096


def read_jpeg(given: GivenFile) -> DecodedImage:
    """Read the first picture; see decode_image for what is raised.

    Pillow takes three times as long and seven bytes a pixel, and notices where data is missing.
    """
    data = given.data()
    layout = layout_of(given, data)
    if layout.frame_marker in _HUFFMAN:
        width, height = layout.size
        given.check_length(layout.end - layout.first_scan, width * height / 64 / 8, "pixels")
    extras = _extras(layout)
    notes = (*_left_behind(layout, extras), *_ending(layout))
    if layout.bits == 12:
        notes = (*notes, "has 12 bits a sample, which become 16")
    metadata = metadata_of(_exif(layout), _icc_profile(layout), notes, extras)
    if layout.bits == 12:
        return decoded(given, _twelve_bits(layout.bare()), metadata)
    if layout.frame_marker in _SEQUENTIAL and layout.has_end and layout.components in (1, 3):
        values = _pixels(layout.bare())
        if np.any(values[-1, -1] != _MISSING):
            return decoded(given, values, metadata)
        del values
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(layout.bare()), "")
    image.load()
    return decoded_by_pillow(given, image, metadata)


def _twelve_bits(bare: bytes) -> Array:
    values = imagecodecs.jpeg8_decode(bare)
    if values.ndim == 3 and values.shape[2] == 4:
        raise ValueError("four components of 12 bits")
    return pixels.spread_to_16_bit(values, 12)


def _ending(layout: JpegLayout) -> tuple[str, ...]:
    """A note where only the end mark is missing; OSError where part of the picture is.

    What follows a complete picture changes none of it; in a picture that was cut short, it does.
    """
    if layout.has_end:
        return ()
    whole = layout.bare()
    if not np.array_equal(_pixels(whole), _pixels(whole[:-2] + _FILLER + whole[-2:])):
        raise OSError("the end of the picture is missing")
    return ("its end mark is missing and the picture is whole",)


def _pixels(bare: bytes) -> Array:
    values: Array = imagecodecs.jpeg8_decode(bare)
    return values


def _extras(layout: JpegLayout) -> Extras:
    packets = [part[len(XMP_HEAD) :] for part in layout.contents(APP1) if part.startswith(XMP_HEAD)]
    packet = packets[0] if packets else None
    resources = b"".join(
        part[len(PHOTOSHOP) :] for part in layout.contents(APP13) if part.startswith(PHOTOSHOP)
    )
    return Extras(
        xmp=packet,
        extended_xmp=_extended_xmp(layout, packet) if packet else None,
        iptc=iptc_of(resources),
        texts=tuple(("Comment", text_of(part)) for part in layout.contents(COM) if part),
        resolution=_density(layout),
        coding=_coding(layout),
    )


def text_of(raw: bytes) -> str:
    """A text whose encoding the file does not state."""
    try:
        return raw.decode().rstrip("\0")
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip("\0")


def _coding(layout: JpegLayout) -> JpegCoding | None:
    tables = [part for part in layout.contents(DQT) if len(part) >= 65]
    if layout.bits != 8 or not tables:
        return None
    return JpegCoding(quality_of(tables[0]), layout.subsampling)


def _extended_xmp(layout: JpegLayout, packet: bytes) -> bytes | None:
    """The parts of the name that the packet announces, put where they say that they belong."""
    guid = xmp.extended_guid(packet)
    parts = [
        part[len(EXTENDED_HEAD) :]
        for part in layout.contents(APP1)
        if part.startswith(EXTENDED_HEAD)
    ]
    parts = [part for part in parts if guid and part[:32] == guid and len(part) > 40]
    length = int.from_bytes(parts[0][32:36], "big") if parts else 0
    if not 0 < length <= MAX_RECORD_BYTES:
        return None
    whole, filled = bytearray(length), 0
    for part in parts:
        start = int.from_bytes(part[36:40], "big")
        if start + len(part) - 40 <= length:
            whole[start : start + len(part) - 40] = part[40:]
            filled += len(part) - 40
    return bytes(whole) if filled == length else None


def _density(layout: JpegLayout) -> Resolution | None:
    heads = [part for part in layout.contents(APP0) if part[:5] == b"JFIF\0" and len(part) >= 12]
    if not heads:
        return None
    unit = heads[0][7]
    x, y = int.from_bytes(heads[0][8:10], "big"), int.from_bytes(heads[0][10:12], "big")
    if unit == 1:
        return Resolution.per_inch(x, y)
    if x < 1 or y < 1:
        return None
    return Resolution(100 * x, 100 * y) if unit == 2 else _ratio(x, y)


def _ratio(x: int, y: int) -> Resolution | None:
    return Resolution(x, y, absolute=False) if x != y else None


def _exif(layout: JpegLayout) -> bytes | None:
    blocks = [part for part in layout.contents(APP1) if part.startswith(EXIF_HEAD)]
    return blocks[0] if blocks else None


def _icc_profile(layout: JpegLayout) -> bytes | None:
    parts = {
        part[12]: part[14:]
        for part in layout.contents(APP2)
        if part.startswith(ICC_HEAD) and len(part) > 14
    }
    return b"".join(part for _, part in sorted(parts.items())) or None


def _left_behind(layout: JpegLayout, extras: Extras) -> Iterator[str]:
    """What lies beside and behind the picture, and cannot go along with a restored one."""
    packet, profiles = extras.xmp or b"", list(layout.contents(APP2))
    behind = layout.data[layout.end :]
    if xmp.GAIN_MAP.search(packet) or any(part.startswith(_GAIN_MAP_HEAD) for part in profiles):
        yield note_on("Gain map (Ultra HDR, Apple)")
    elif any(_has_further_pictures(part) for part in profiles):
        yield note_on("Further pictures (MPO)")
    elif xmp.MOTION_PHOTO.search(packet) or b"ftyp" in behind[:_VIDEO_HEAD]:
        yield note_on("Motion photo")
    elif len(behind.strip(b"\0")) > _PADDING:
        yield note_on("Data behind the picture")
    if any(b"jumb" in part[:32] for part in layout.contents(APP11)):
        yield note_on("Content credentials (C2PA)")


def _has_further_pictures(part: bytes) -> bool:
    if not part.startswith(_PICTURES_HEAD):
        return False
    try:
        block = Block(part[len(_PICTURES_HEAD) :])
        entries, _ = block.directory(block.first)
    except ValueError:
        return False
    return _PICTURE_COUNT in entries and entries[_PICTURE_COUNT].numbers(1)[0:] > (1,)
