"""Real photo files, made by other libraries than the code under test."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import pillow_heif
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ExifTags, Image, ImageCms

from deblur.image_io import (
    DecodedImage,
    decode_image,
    encode_image,
)

HEIGHT, WIDTH = 48, 64
WRITTEN = ("PNG", "TIFF", "WEBP", "JPEG")
TRANSPOSE = Image.Transpose
# What a camera held that way stores: the inverse of what a viewer has to do.
STORED_BY = {
    1: None,
    2: TRANSPOSE.FLIP_LEFT_RIGHT,
    3: TRANSPOSE.ROTATE_180,
    4: TRANSPOSE.FLIP_TOP_BOTTOM,
    5: TRANSPOSE.TRANSPOSE,
    6: TRANSPOSE.ROTATE_90,
    7: TRANSPOSE.TRANSVERSE,
    8: TRANSPOSE.ROTATE_270,
}


def smooth(channels: int, dtype: type = np.uint8) -> np.ndarray:
    """A gradient that no flip or turn maps onto itself, over most of the range."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    top = np.iinfo(dtype).max
    planes = [
        rows / HEIGHT * 0.7 + columns / WIDTH * 0.2,
        columns / WIDTH * 0.9,
        1 - rows / HEIGHT * 0.6,
        0.2 + columns / WIDTH * 0.7,
    ]
    return (np.stack(planes[:channels], axis=-1) * top).astype(dtype)


def photo(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(smooth(4), "RGBA").convert(mode)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def encoded(image: DecodedImage, **options: object) -> bytes:
    stream = io.BytesIO()
    encode_image(image, stream, **options)
    return stream.getvalue()


def again(image: DecodedImage, **options: object) -> DecodedImage:
    return decode_image(encoded(image, **options))


def heic(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, **options)
    return stream.getvalue()


def exif_block(orientation: int = 1, **extra: object) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera & Sons"
    exif[ExifTags.Base.DateTime] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 800
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.25
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif.tobytes()


def with_thumbnail(exif: bytes, thumbnail: bytes) -> bytes:
    """Link a second directory with a JPEG thumbnail behind the block, as cameras do."""
    block = bytearray(exif.removeprefix(b"Exif\0\0"))
    endian = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(endian + "I", block, 4)
    (count,) = struct.unpack_from(endian + "H", block, first)
    struct.pack_into(endian + "I", block, first + 2 + 12 * count, len(block))
    at = len(block) + 2 + 2 * 12 + 4
    block += struct.pack(endian + "H", 2)
    block += struct.pack(endian + "HHII", 0x201, 4, 1, at)
    block += struct.pack(endian + "HHII", 0x202, 4, 1, len(thumbnail))
    block += struct.pack(endian + "I", 0) + thumbnail
    return b"Exif\0\0" + bytes(block)


@cache
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_primaries() -> bytes:
    """A sound RGB profile in which red and blue have changed places."""
    profile = bytearray(srgb())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def hollow_png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [png_chunk(b"IHDR", header), png_chunk(b"IDAT", rows), png_chunk(b"IEND", b"")]
    )


def tiff(entries: dict[int, int | tuple[int, ...]], data: bytes) -> bytes:
    """A little-endian TIFF of one strip, its directory in front, from short tags."""
    entries = {273: 0, 279: len(data), **entries}
    wide = b""
    start = 8 + 2 + 12 * len(entries) + 4
    directory = struct.pack("<H", len(entries))
    behind = start + 2 * sum(len(v) for v in entries.values() if isinstance(v, tuple))
    for tag, value in sorted(entries.items()):
        values = value if isinstance(value, tuple) else (value,)
        if tag in (273, 279):
            value = behind if tag == 273 else value
            directory += struct.pack("<HHII", tag, 4, 1, value)
        elif len(values) > 2:
            directory += struct.pack("<HHII", tag, 3, len(values), start + len(wide))
            wide += struct.pack(f"<{len(values)}H", *values)
        else:
            packed = struct.pack(f"<{len(values)}H", *values).ljust(4, b"\0")
            directory += struct.pack("<HHI", tag, 3, len(values)) + packed
    padding = bytes(behind - start - len(wide))
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + wide + padding + data


@st.composite
def photos(draw: st.DrawFn, dtypes: tuple[type, ...] = (np.uint8, np.uint16)) -> DecodedImage:
    dtype = draw(st.sampled_from(dtypes))
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    channels = draw(st.sampled_from([1, 3]))
    pixels = draw(hnp.arrays(dtype, (height, width, channels)))
    alpha = draw(st.none() | hnp.arrays(dtype, (height, width)))
    return DecodedImage(pixels, alpha, "PNG")
