"""Damaged photos of every format: each ends in a picture or in one of our errors.

`python -m tests.image_io.fuzz COUNT [FIRST]` mutates, decodes and encodes COUNT of them, by seed,
within MEMORY_LIMIT bytes of memory beyond what it starts with, and exits with 1 where one did not.
"""

import io
import random
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from deblur.errors import ImageError, OutputError
from deblur.image_io import OUTPUT_FORMATS, decode_image, encode_image
from tests.image_io.files import (
    encoded,
    exif_block,
    heic,
    photo,
    saved,
    smooth,
    srgb,
    with_thumbnail,
)

MEMORY_LIMIT = 1_000_000_000
XMP = b"<x:xmpmeta><rdf:RDF><rdf:Description tiff:Orientation='6'/></rdf:RDF></x:xmpmeta>"
ORDINARY = {"xmp": XMP, "icc_profile": srgb()}


def _sources() -> dict[str, bytes]:
    rgb, grey, deep = photo("RGB"), photo("L"), smooth(3, np.uint16)
    exif = with_thumbnail(exif_block(6), saved(photo().resize((16, 12)), "JPEG"))
    told = {**ORDINARY, "exif": exif}
    frames = {"save_all": True, "append_images": [photo("RGB").rotate(90)]}
    return {
        "JPEG": saved(rgb, "JPEG", comment=b"hello", dpi=(300, 300), **told),
        "progressive JPEG": saved(rgb, "JPEG", progressive=True, **told),
        "CMYK JPEG": saved(photo("CMYK"), "JPEG"),
        "MPO": saved(rgb, "MPO", **frames),
        "12-bit JPEG": imagecodecs.jpeg8_encode(deep >> 4, bitspersample=12),
        "PNG": saved(photo("RGBA"), "PNG", dpi=(300, 300), **told),
        "palette PNG": saved(rgb.quantize(16), "PNG", transparency=3),
        "16-bit PNG": imagecodecs.png_encode(deep),
        "WebP": saved(rgb, "WEBP", **told),
        "lossless WebP": saved(photo("RGBA"), "WEBP", lossless=True),
        "animated WebP": saved(rgb, "WEBP", **frames),
        "TIFF": encoded(decode_image(saved(photo("RGBA"), "PNG", **told)), format="TIFF"),
        "plain TIFF": saved(rgb, "TIFF", **told),
        "LZW TIFF": saved(photo("CMYK"), "TIFF", compression="tiff_lzw"),
        "JPEG in TIFF": saved(rgb, "TIFF", compression="jpeg"),
        "tiled TIFF": imagecodecs.tiff_encode(deep, tile=(16, 16), compression=8),
        "BigTIFF": imagecodecs.tiff_encode(deep, bigtiff=True),
        "big-endian BigTIFF of a palette": _palette_bigtiff(),
        "black and white TIFF": saved(grey.convert("1"), "TIFF", compression="group4"),
        "HEIC": heic(photo("RGBA"), **told),
        "10-bit HEIC": encoded(decode_image(imagecodecs.png_encode(deep)), format="HEIF"),
        "AVIF": saved(rgb, "AVIF", **told),
        "our AVIF": encoded(decode_image(saved(photo("RGBA"), "PNG", **told)), format="AVIF"),
        "10-bit AVIF": imagecodecs.avif_encode(deep >> 6, level=90, bitspersample=10),
        "animated AVIF": saved(rgb, "AVIF", **frames),
        "JPEG XL": imagecodecs.jpegxl_encode(smooth(3)),
        "BMP": saved(rgb, "BMP", dpi=(300, 300)),
        "GIF": saved(rgb, "GIF", comment=b"hello", **frames),
    }


def _palette_bigtiff() -> bytes:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=True, byteorder=">") as writer:
        colours = np.arange(768, dtype=np.uint16).reshape(3, 256) * 80
        values = np.asarray(photo("L"))
        writer.write(values, photometric="palette", colormap=colours, compression="zlib")
    return stream.getvalue()


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _flip_in_front(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(min(len(data), 300))] = chance.randrange(256)


def _extreme(data: bytearray, chance: random.Random) -> None:
    form = chance.choice([">H", "<H", ">I", "<I"])
    size = struct.calcsize(form)
    value = chance.choice([0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), 9999, 60000])
    at = chance.randrange(min(len(data), 600) - size)
    data[at : at + size] = struct.pack(form, value)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(13, len(data)) :]


def _take_out(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randint(1, 40)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.randint(1, 400)] * chance.randint(1, 50)


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _flip_in_front,
    _extreme,
    _extreme,
    _cut,
    _take_out,
    _repeat,
)


def mutated(data: bytes, seed: int) -> bytes:
    """The file with one to three kinds of damage, the same for the same seed."""
    chance, damaged = random.Random(seed), bytearray(data)
    for _ in range(chance.randint(1, 3)):
        if len(damaged) > 20:
            chance.choice(MUTATIONS)(damaged, chance)
    return bytes(damaged)


def outcome(data: bytes) -> str:
    """How it ends: decoded and encoded in every format, or with which of our errors."""
    try:
        image = decode_image(data)
    except ImageError as error:
        return type(error).__name__
    assert image.pixels.dtype in (np.uint8, np.uint16)
    assert image.pixels.shape[2] in (1, 3)
    if image.megapixels > 1:
        return "a large picture"
    for format in OUTPUT_FORMATS:
        try:
            encode_image(image, io.BytesIO(), format=format)
        except OutputError as error:
            if "transparent" not in str(error) and "sides" not in str(error):
                raise
    return "a picture"


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        limit = pages * resource.getpagesize() + MEMORY_LIMIT
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def run(count: int, first: int = 0) -> int:
    """Try so many files and say how they ended; 1 where one ended otherwise than it may."""
    sources, ends, wrong = _sources(), Counter[str](), 0
    slowest = (0.0, first)
    for data in sources.values():
        decode_image(data)
    _bound_memory()
    names = list(sources)
    for seed in range(first, first + count):
        name = names[seed % len(names)]
        data, started = mutated(sources[name], seed), time.process_time()
        try:
            ends[outcome(data)] += 1
        except Exception:
            wrong += 1
            _say(f"seed {seed}, {name}: {traceback.format_exc(limit=-4)}")
        slowest = max(slowest, (time.process_time() - started, seed))
    _say(f"slowest: seed {slowest[1]}, {slowest[0]:.1f} s")
    _say(", ".join(f"{amount} {end}" for end, amount in [*ends.most_common(), ("wrong", wrong)]))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(run(*map(int, sys.argv[1:])))
