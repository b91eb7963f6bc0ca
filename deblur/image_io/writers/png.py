"""PNG of 8 and 16 bits, with the chunks that tell of the photo before its pixels."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import imagecodecs
import numpy as np

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata.colour import ColourSignal
from deblur.image_io.metadata.exif import EXIF_PREFIX
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.metadata.iptc import resource_of
from deblur.image_io.readers.png_chunks import RAW_PROFILE, XMP_KEYWORD
from deblur.image_io.writers.arrays import interleaved

_HEADER_LENGTH = 33
# On photos half the time of the defaults, and smaller: noise deflates by its frequencies alone.
_OPTIONS = {
    "level": 1,
    "strategy": int(imagecodecs.PNG.STRATEGY.RLE),
    "filter": int(imagecodecs.PNG.FILTER.AVG),
}
_HEX_LINE = 72


def write_png(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write every value as it is; `coding` is not used."""
    values = interleaved(image)
    values = np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)
    encoded = memoryview(imagecodecs.png_encode(values, **_OPTIONS))
    stream.write(encoded[:_HEADER_LENGTH])
    for kind, content in _chunks(image):
        checksum = zlib.crc32(kind + content)
        stream.write(struct.pack(">I", len(content)) + kind + content)
        stream.write(struct.pack(">I", checksum))
    stream.write(encoded[_HEADER_LENGTH:])


def _chunks(image: DecodedImage) -> Iterator[tuple[bytes, bytes]]:
    extras = image.extras
    if extras.colour:
        yield from _colour_chunks(extras.colour)
    if image.icc_profile:
        yield b"iCCP", b"ICC profile\0\0" + zlib.compress(image.icc_profile)
    if extras.resolution:
        sides = (round(extras.resolution.x), round(extras.resolution.y))
        yield b"pHYs", struct.pack(">IIB", *sides, extras.resolution.absolute)
    if image.exif:
        yield b"eXIf", image.exif.removeprefix(EXIF_PREFIX)
    if extras.xmp:
        yield b"iTXt", XMP_KEYWORD.encode() + b"\0\0\0\0\0" + extras.xmp
    if extras.iptc:
        yield b"zTXt", _raw_profile("iptc", resource_of(extras.iptc))
    for keyword, text in extras.texts:
        yield _text(keyword, text)


def _colour_chunks(colour: ColourSignal) -> Iterator[tuple[bytes, bytes]]:
    if colour.code_points:
        yield b"cICP", bytes(colour.code_points)
    if colour.intent is not None:
        yield b"sRGB", bytes((colour.intent,))
    if colour.gamma is not None:
        yield b"gAMA", struct.pack(">I", round(colour.gamma * 100_000))
    if colour.chromaticities:
        values = [round(value * 100_000) for place in colour.chromaticities for value in place]
        yield b"cHRM", struct.pack(">8I", *values)


def _text(keyword: str, text: str) -> tuple[bytes, bytes]:
    name = keyword.encode("latin-1", "replace")
    try:
        return b"tEXt", name + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", "replace")


def _raw_profile(name: str, content: bytes) -> bytes:
    """ImageMagick's form, which other programs read: lines of hexadecimal, compressed."""
    digits = content.hex()
    lines = [digits[at : at + _HEX_LINE] for at in range(0, len(digits), _HEX_LINE)]
    text = f"\n{name}\n{len(content):8}\n" + "\n".join(lines) + "\n"
    return (RAW_PROFILE + name).encode() + b"\0\0" + zlib.compress(text.encode())
