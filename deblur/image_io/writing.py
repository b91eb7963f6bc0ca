"""encode_image and write_image: the restored photo as a file, with what belongs to it."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from deblur.errors import DeblurError, OutputError
from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata import (
    EXIF_PREFIX,
    cms_transform,
    photo_tags,
    profile_changes_colours,
)
from deblur.image_io.pixels import rounded_to_8_bit, strips
from deblur.image_io.placing import held_place, not_written

OUTPUT_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif"}
_NAMES = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "tif": "TIFF",
    "tiff": "TIFF",
}
OUTPUT_SUFFIXES = frozenset(f".{name}" for name in _NAMES)
_UNWRITTEN = frozenset({"heic", "heif", "hif", "avif", "bmp", "gif"})
_LARGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_LARGEST_JPEG_EXIF = 65533
_PNG_HEADER_LENGTH = 33
# On photos half the time of the defaults, and smaller: noise deflates by its frequencies alone.
_PNG_OPTIONS = {
    "level": 1,
    "strategy": int(imagecodecs.PNG.STRATEGY.RLE),
    "filter": int(imagecodecs.PNG.FILTER.AVG),
}


def output_format(image: DecodedImage, requested: str | None) -> str:
    """The format that `image` is written in: one of OUTPUT_FORMATS.

    `requested` is a name or a suffix ("jpeg", ".tif"); None is the format the photo came in, or
    PNG where that is not written. Raises OutputError for anything else.
    """
    if requested is None:
        return image.format if image.format in OUTPUT_FORMATS else "PNG"
    return _format_named(requested)


def _format_named(name: str) -> str:
    try:
        return _NAMES[name.lower().removeprefix(".")]
    except KeyError as error:
        raise OutputError(
            f"{name} is not a format that is written; choose jpeg, png, webp or tiff"
        ) from error


def suffix_of(format: str) -> str:
    """The file suffix of one of OUTPUT_FORMATS, with its dot."""
    return _SUFFIXES[format]


def encode_image(
    image: DecodedImage,
    stream: BinaryIO,
    *,
    format: str | None = None,
    quality: int = 95,
    strip_metadata: bool = False,
) -> None:
    """Write a photo to `stream`, opened for writing bytes.

    PNG and TIFF are lossless at 8 and 16 bits; JPEG (4:4:4) and WebP hold 8 bits, rounded, at
    `quality`, 1 to 100. ICC and EXIF go along. `strip_metadata` leaves out EXIF, and keeps the
    ICC profile only where the colours would change without it. Raises OutputError where the
    format cannot hold the photo or the stream cannot be written.
    """
    chosen = output_format(image, format)
    _check_fits(image, chosen, quality)
    exif = None if strip_metadata else image.exif
    profile = image.icc_profile
    if strip_metadata and profile and not profile_changes_colours(profile, image.pixels.shape[2]):
        profile = None
    with _failures_reported(f"a {chosen} file"):
        _WRITERS[chosen](image, stream, quality, profile, exif)


def write_image(
    image: DecodedImage,
    path: Path,
    *,
    format: str | None = None,
    quality: int = 95,
    strip_metadata: bool = False,
    overwrite: bool = False,
) -> None:
    """Write a photo as the file `path`, whole or not at all; `encode_image` says what is kept.

    Without `format`, the suffix of `path` decides, and without a known one the format that the
    photo came in. Raises OutputExistsError where a file stands and `overwrite` is False, and
    OutputError where the folder is missing, full or closed to us.
    """
    with held_place(path, overwrite=overwrite) as unfinished:
        encode_file(
            image,
            unfinished,
            format=requested_format(path, format),
            quality=quality,
            strip_metadata=strip_metadata,
        )


def encode_file(
    image: DecodedImage,
    path: Path,
    *,
    format: str | None = None,
    quality: int = 95,
    strip_metadata: bool = False,
) -> None:
    """`encode_image` into a file that is ours alone. Raises OutputError."""
    with _failures_reported(str(path.parent)), path.open("wb") as stream:
        encode_image(image, stream, format=format, quality=quality, strip_metadata=strip_metadata)


def requested_format(path: Path, format: str | None) -> str | None:
    """The format that is asked for: `format`, else what the suffix of `path` says, if it does.

    None leaves it to the photo. Raises OutputError for a format that is not written.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if format is None and suffix in _NAMES.keys() | _UNWRITTEN:
        format = suffix
    return format and _format_named(format)


def check_output(image: DecodedImage, format: str | None, quality: int) -> None:
    """Raises OutputError where the format cannot hold a photo of that size and transparency."""
    _check_fits(image, output_format(image, format), quality)


@contextmanager
def _failures_reported(where: str) -> Iterator[None]:
    try:
        yield
    except DeblurError:
        raise
    except OSError as error:
        raise not_written(where, error) from error
    except (ValueError, RuntimeError, struct.error) as error:
        raise OutputError(
            f"{where} cannot hold this photo ({error}); choose PNG, or strip the metadata"
        ) from error


def _check_fits(image: DecodedImage, format: str, quality: int) -> None:
    if not 1 <= quality <= 100:
        raise OutputError(f"the quality is {quality}; give one from 1 to 100")
    side = max(image.width, image.height)
    if side > _LARGEST_SIDE.get(format, side):
        raise OutputError(
            f"the photo is {image.width} x {image.height} pixels and a {format} has sides of at "
            f"most {_LARGEST_SIDE[format]}; choose PNG or TIFF"
        )
    if format == "JPEG" and _is_transparent(image.alpha):
        raise OutputError(
            "the photo is transparent in places, which a JPEG cannot hold; choose PNG, WebP or TIFF"
        )


def _is_transparent(alpha: Array | None) -> bool:
    return alpha is not None and bool(alpha.min() < np.iinfo(alpha.dtype).max)


def _write_jpeg(
    image: DecodedImage, stream: BinaryIO, quality: int, profile: bytes | None, exif: bytes | None
) -> None:
    if exif and len(exif) > _LARGEST_JPEG_EXIF:
        raise OutputError(
            f"the photo's EXIF data ({len(exif)} bytes) is more than a JPEG holds; "
            "choose PNG, WebP or TIFF, or strip the metadata"
        )
    picture = _pillow_image(rounded_to_8_bit(image.pixels))
    picture.save(
        stream, "JPEG", quality=quality, subsampling=0, icc_profile=profile, exif=exif or b""
    )


def _write_webp(
    image: DecodedImage, stream: BinaryIO, quality: int, profile: bytes | None, exif: bytes | None
) -> None:
    picture = _pillow_image(rounded_to_8_bit(_interleaved(image)))
    if profile and image.pixels.shape[2] == 1:
        picture, profile = _coloured(picture, profile), None
    picture.save(stream, "WEBP", quality=quality, exact=True, icc_profile=profile, exif=exif or b"")


def _coloured(grey: Image.Image, profile: bytes) -> Image.Image:
    """WebP has no grey: through its own profile it becomes RGB that looks the same."""
    transform = cms_transform(profile, "L")
    if transform is None:
        return grey
    coloured = transform.apply(grey.getchannel("L"))
    if grey.mode == "LA":
        coloured.putalpha(grey.getchannel("A"))
    return coloured


def _pillow_image(values: Array) -> Image.Image:
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)


def _interleaved(image: DecodedImage, rows: slice = slice(None)) -> Array:
    """Colours and alpha as one array H x W x (C or C + 1), a copy only where there is alpha."""
    if image.alpha is None:
        return image.pixels[rows]
    return np.dstack([image.pixels[rows], image.alpha[rows]])


def _write_png(
    image: DecodedImage, stream: BinaryIO, quality: int, profile: bytes | None, exif: bytes | None
) -> None:
    values = _interleaved(image)
    values = np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)
    encoded = memoryview(imagecodecs.png_encode(values, **_PNG_OPTIONS))
    stream.write(encoded[:_PNG_HEADER_LENGTH])
    if profile:
        stream.write(_png_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if exif:
        stream.write(_png_chunk(b"eXIf", exif.removeprefix(EXIF_PREFIX)))
    stream.write(encoded[_PNG_HEADER_LENGTH:])


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _write_tiff(
    image: DecodedImage, stream: BinaryIO, quality: int, profile: bytes | None, exif: bytes | None
) -> None:
    """The directory, then strips of deflated row differences; Pillow adds where they begin."""
    runs = list(strips(image.height, image.width))
    deflated = [zlib.compress(_differences(_interleaved(image, rows)), 1) for rows in runs]
    lengths = tuple(len(strip) for strip in deflated)
    starts = tuple(accumulate(lengths[:-1], initial=0))
    tags = _layout_tags(image) | {278: runs[0].stop, 273: starts, 279: lengths}
    tags |= {34675: profile} if profile else {}
    directory = ImageFileDirectory_v2()
    for tag, value in ((_tags_of(exif) if exif else {}) | tags).items():
        directory[tag] = value
    stream.write(b"II*\0" + struct.pack("<I", 8) + directory.tobytes(8))
    stream.writelines(deflated)


def _differences(values: Array) -> bytes:
    differences = values.copy()
    differences[:, 1:] -= values[:, :-1]
    return differences.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _layout_tags(image: DecodedImage) -> dict[int, Any]:
    colours = image.pixels.shape[2]
    samples = colours + (image.alpha is not None)
    tags = {256: image.width, 257: image.height, 277: samples, 274: 1, 284: 1, 317: 2}
    tags |= {258: (8 * image.pixels.itemsize,) * samples, 259: 8, 262: 2 if colours == 3 else 1}
    return tags | ({338: (2,)} if image.alpha is not None else {})


def _tags_of(exif: bytes) -> dict[int, Any]:
    block = Image.Exif()
    block.load(exif)
    return photo_tags(block)


_Writer = Callable[[DecodedImage, BinaryIO, int, bytes | None, bytes | None], None]
_WRITERS: dict[str, _Writer] = {
    "JPEG": _write_jpeg,
    "PNG": _write_png,
    "WEBP": _write_webp,
    "TIFF": _write_tiff,
}
