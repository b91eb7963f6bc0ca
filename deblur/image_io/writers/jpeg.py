"""JPEG: coded by libjpeg-turbo, with the segments in front that tell of the photo."""

import hashlib
import struct
from collections.abc import Iterator
from typing import BinaryIO

import imagecodecs

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata import xmp
from deblur.image_io.metadata.extras import INCH, Extras, JpegCoding, Resolution
from deblur.image_io.metadata.iptc import PHOTOSHOP, resource_of
from deblur.image_io.metadata.packing import MAX_SEGMENT_BYTES
from deblur.image_io.pixels import rounded_to_8_bit
from deblur.image_io.readers.jpeg import EXTENDED_HEAD, ICC_HEAD, XMP_HEAD
from deblur.image_io.readers.jpeg_segments import APP0, APP1, APP2, APP13, COM

_MAX_OPTIMISED_PIXELS = 24_000_000
"""Pixels up to which Huffman tables are made for the photo: that takes six bytes for each."""
_PLAIN_DENSITY = (0, 1, 1)
_MAX_DENSITY = 65535


def write_jpeg(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write 8 bits; alpha, which is opaque here, is left out."""
    encoded = imagecodecs.jpeg8_encode(
        rounded_to_8_bit(image.pixels),
        level=coding.quality,
        subsampling=coding.subsampling.replace(":", ""),
        optimize=image.width * image.height <= _MAX_OPTIMISED_PIXELS,
    )
    view = memoryview(encoded)
    stream.write(view[:2])
    for marker, content in _segments(image):
        stream.write(bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content)
    stream.write(view[4 + int.from_bytes(view[4:6], "big") :])


def _segments(image: DecodedImage) -> Iterator[tuple[int, bytes]]:
    """Markers and contents, a JFIF header first."""
    extras = image.extras
    density = _density(extras.resolution) if extras.resolution else _PLAIN_DENSITY
    yield APP0, b"JFIF\0\1\1" + struct.pack(">BHHBB", *density, 0, 0)
    if image.exif:
        yield APP1, image.exif
    yield from _xmp_segments(extras)
    if extras.iptc:
        for part in _pieces(resource_of(extras.iptc), len(PHOTOSHOP)):
            yield APP13, PHOTOSHOP + part
    profile = _pieces(image.icc_profile or b"", len(ICC_HEAD) + 2)
    for number, part in enumerate(profile, start=1):
        yield APP2, ICC_HEAD + bytes((number, len(profile))) + part
    for keyword, text in extras.texts:
        comment = text if keyword == "Comment" else f"{keyword}: {text}"
        yield from ((COM, part) for part in _pieces(comment.encode(), 0))


def _pieces(content: bytes, head: int) -> list[bytes]:
    """Parts that fit into a segment behind a head of `head` bytes."""
    size = MAX_SEGMENT_BYTES - head
    return [content[at : at + size] for at in range(0, len(content), size)]


def _xmp_segments(extras: Extras) -> Iterator[tuple[int, bytes]]:
    """The packet, and behind it what is extended, or does not fit into one segment."""
    packet, extended = extras.xmp, extras.extended_xmp
    if packet is None:
        return
    alone = len(packet) > MAX_SEGMENT_BYTES - len(XMP_HEAD)
    if alone:
        extended = xmp.merged(packet, extended) or packet
    guid = hashlib.md5(extended or b"", usedforsecurity=False).hexdigest().upper().encode()
    if alone:
        packet = xmp.announcing(guid)
    elif extended:
        packet = xmp.renamed_extension(packet, guid)
    yield APP1, XMP_HEAD + packet
    if extended:
        head = EXTENDED_HEAD + guid + struct.pack(">I", len(extended))
        at = 0
        for part in _pieces(extended, len(head) + 4):
            yield APP1, head + struct.pack(">I", at) + part
            at += len(part)


def _density(resolution: Resolution) -> tuple[int, int, int]:
    """JFIF's unit and the two densities in it: the unit in which they are nearer to whole."""
    sides = (resolution.x, resolution.y)
    if not resolution.absolute:
        scale = min(1.0, _MAX_DENSITY / max(sides))
        x, y = (max(1, round(side * scale)) for side in sides)
        return 0, x, y
    units = {1: INCH, 2: 0.01}
    errors = {
        unit: sum(abs(s * f - round(s * f)) / (s * f) for s in sides) for unit, f in units.items()
    }
    unit = 1 if errors[1] <= errors[2] else 2
    x, y = (min(_MAX_DENSITY, max(1, round(side * units[unit]))) for side in sides)
    return unit, x, y
