"""encode_image: the restored photo in one of six formats, with what belongs to it."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deblur.errors import DeblurError, OutputError
from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.metadata.packing import packed
from deblur.image_io.placing import not_written
from deblur.image_io.readers.jpeg_segments import is_deep_jpeg
from deblur.image_io.signatures import SUFFIXES_OF, kind_of_file, one, title_of
from deblur.image_io.writers.avif import write_avif
from deblur.image_io.writers.heic import check_encoder, write_heic
from deblur.image_io.writers.jpeg import write_jpeg
from deblur.image_io.writers.png import write_png
from deblur.image_io.writers.tiff import write_tiff
from deblur.image_io.writers.webp import write_webp
from deblur.language import say

OWN_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
"""Those that a photo goes back into unasked; a HEIC and an AVIF do not say their quality."""
OUTPUT_FORMATS = (*OWN_FORMATS, "HEIF", "AVIF")
DEFAULT_CODING = JpegCoding(95, "4:4:4")
NAMES = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "tif": "TIFF",
    "tiff": "TIFF",
    "heic": "HEIF",
    "heif": "HEIF",
    "hif": "HEIF",
    "avif": "AVIF",
}
OUTPUT_SUFFIXES = frozenset(f".{name}" for name in NAMES)
_SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "HEIF": ".heic",
    "AVIF": ".avif",
}
_MAX_SIDE = {"JPEG": 65500, "WEBP": 16383, "HEIF": 16384, "AVIF": 32768}
_SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


def output_format(image: DecodedImage, requested: str | None) -> str:
    """The format that `image` is written in: one of OUTPUT_FORMATS.

    `requested` is a name or a suffix ("jpeg", ".tif"); None is the format the photo came in, or
    PNG where that is none of OWN_FORMATS, or not with that depth. Raises OutputError for
    anything else.
    """
    if requested is None:
        deep_jpeg = image.format == "JPEG" and image.pixels.dtype == np.uint16
        return image.format if image.format in OWN_FORMATS and not deep_jpeg else "PNG"
    return format_named(requested)


def format_named(name: str) -> str:
    """One of OUTPUT_FORMATS by a name or suffix. Raises OutputError for anything else."""
    try:
        return NAMES[name.lower().removeprefix(".")]
    except KeyError as error:
        raise OutputError(
            say(
                "{name} is not an output format; choose jpeg, png, webp, tiff, heic or avif",
                name=name,
            )
        ) from error


def suffix_of(format: str) -> str:
    """The file suffix of one of OUTPUT_FORMATS, with its dot."""
    return _SUFFIXES[format]


def natural_suffix(photo: Path) -> str:
    """The ending for a photo restored into its own format, by what the file holds.

    The photo's own ending where it names that format; where the content is of another, or of a
    format that is not written, the ending of what is written instead. Of a file that cannot be
    read, the name decides.
    """
    suffix, kind = photo.suffix.lower(), kind_of_file(photo)
    if kind not in SUFFIXES_OF:
        kind = next((named for named, found in SUFFIXES_OF.items() if suffix in found), "")
    if kind == "JPEG" and is_deep_jpeg(photo):
        return ".png"
    if kind not in OWN_FORMATS:
        return ".png"
    if suffix in OUTPUT_SUFFIXES and suffix in SUFFIXES_OF[kind]:
        return photo.suffix
    return _SUFFIXES[kind]


def encode_image(
    image: DecodedImage,
    stream: BinaryIO,
    *,
    format: str | None = None,
    quality: int | None = None,
    strip_metadata: bool = False,
    subsampling: str | None = None,
) -> tuple[str, ...]:
    """Write a photo to `stream`, opened for writing bytes; gives notes on what was left out.

    PNG and TIFF are lossless at 8 and 16 bits; JPEG and WebP hold 8 bits, HEIC and AVIF 8 or 10,
    rounded, at `quality`, 1 to 100, None being that of the JPEG that the photo was, or 95.
    `subsampling` is "4:4:4", "4:2:2" or "4:2:0" for the chroma of a JPEG or AVIF, None as the
    photo's, or 4:4:4. All that the file said
    goes along where the format can hold it. `strip_metadata` leaves out all but colours, and
    keeps the ICC profile only where the colours would change without it. Raises OutputError
    where the format cannot hold the photo or the stream cannot be written.
    """
    chosen = output_format(image, format)
    coding = _coding(image, quality, subsampling)
    _check_fits(image, chosen)
    with failures_reported(f"{one(chosen)} file"):
        prepared, notes = packed(image, chosen, strip_metadata)
        _WRITERS[chosen](prepared, stream, coding)
    return notes


def left_out(image: DecodedImage, format: str, *, strip_metadata: bool = False) -> tuple[str, ...]:
    """The notes that encode_image gives for one of OUTPUT_FORMATS, without writing."""
    return packed(image, format, strip_metadata)[1]


def check_output(image: DecodedImage, format: str | None, quality: int | None) -> None:
    """Raise OutputError where the format cannot hold a photo of that size and transparency."""
    _coding(image, quality, None)
    _check_fits(image, output_format(image, format))


def _coding(image: DecodedImage, quality: int | None, subsampling: str | None) -> JpegCoding:
    own = image.extras.coding or DEFAULT_CODING
    quality = own.quality if quality is None else quality
    subsampling = subsampling or own.subsampling or DEFAULT_CODING.subsampling
    if not 1 <= quality <= 100:
        raise OutputError(say("the quality is {quality}; give one from 1 to 100", quality=quality))
    if subsampling not in _SUBSAMPLINGS:
        raise OutputError(
            say(
                "the subsampling is {subsampling}; choose one of {known}",
                subsampling=subsampling,
                known=", ".join(_SUBSAMPLINGS),
            )
        )
    return JpegCoding(quality, subsampling)


@contextmanager
def failures_reported(where: str) -> Iterator[None]:
    """Make an OutputError of what a library raises; `where` is a path or a kind of file."""
    try:
        yield
    except DeblurError:
        raise
    except OSError as error:
        raise not_written(where, error) from error
    except (ValueError, RuntimeError, TypeError, SyntaxError, struct.error) as error:
        raise OutputError(
            say(
                "{where} cannot hold this photo ({error}); choose PNG, or strip the metadata",
                where=where,
                error=error,
            )
        ) from error


def _check_fits(image: DecodedImage, format: str) -> None:
    side = max(image.width, image.height)
    if side > _MAX_SIDE.get(format, side):
        raise OutputError(
            say(
                "the photo is {width} x {height} pixels, and {format} has "
                "sides of at most {most}; choose PNG or TIFF",
                width=image.width,
                height=image.height,
                format=title_of(format),
                most=_MAX_SIDE[format],
            )
        )
    if format == "HEIF":
        check_encoder()
    if format == "JPEG" and _is_transparent(image.alpha):
        raise OutputError(
            say(
                "the photo has transparent parts, which a JPEG cannot hold; choose PNG, WebP, "
                "TIFF, HEIC or AVIF"
            )
        )


def _is_transparent(alpha: Array | None) -> bool:
    return alpha is not None and bool(alpha.min() < np.iinfo(alpha.dtype).max)


_WRITERS: dict[str, Callable[[DecodedImage, BinaryIO, JpegCoding], None]] = {
    "JPEG": write_jpeg,
    "PNG": write_png,
    "WEBP": write_webp,
    "TIFF": write_tiff,
    "HEIF": write_heic,
    "AVIF": write_avif,
}
