"""decode_image: any photo that people have, as upright pixels."""

import dataclasses
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from deblur.errors import (
    DeblurError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import GivenFile, raw_file
from deblur.image_io.readers.heif import read_avif, read_heif
from deblur.image_io.readers.jpeg import read_jpeg
from deblur.image_io.readers.jpeg_xl import read_jpeg_xl
from deblur.image_io.readers.plain import read_bmp, read_gif, read_webp
from deblur.image_io.readers.png import read_png
from deblur.image_io.readers.tiff import read_tiff
from deblur.image_io.signatures import (
    INPUT_KINDS,
    RAW,
    SUFFIXES_OF,
    kind_of,
)

DEFAULT_MAX_PIXELS = 100_000_000
INPUT_SUFFIXES = frozenset().union(*SUFFIXES_OF.values())
_EXPECTED = "a JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL, BMP or GIF was expected"


def decode_image(
    source: Path | str | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> DecodedImage:
    """Read a photo from a path or from the bytes of a file, turned upright.

    JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL, BMP and GIF; uint8, or uint16 where more was
    stored. Grey stays grey, palettes become RGB, CMYK becomes sRGB; RGB keeps its values and its
    profile. Of several frames or pages the first is taken, and `notes` say so, as they say what
    else of the file cannot go along. Raises ImageTooLargeError, before anything is decoded, above
    `max_pixels` (width x height) and for files that promise more than a picture of that size
    holds; UnreadableImageError for what is missing, empty, damaged or no picture;
    UnsupportedImageError for other pictures and encodings.
    """
    name = "the picture" if isinstance(source, bytes) else Path(source).name or str(source)
    with _opened(source, name) as stream, _failures_reported(name):
        kind = kind_of(stream.read(512))
        if kind not in INPUT_KINDS:
            raise _not_taken(name, kind)
        given = GivenFile(stream, name, kind, max_pixels)
        return _with_name_checked(given, _READERS[kind](given))


@contextmanager
def _opened(source: Path | str | bytes, name: str) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        stream: BinaryIO = io.BytesIO(source)
    else:
        stream = _opened_file(Path(source), name)
    with stream:
        yield stream


def _opened_file(path: Path, name: str) -> BinaryIO:
    try:
        if path.is_dir():
            raise UnreadableImageError(f"{name} is a folder; name a picture file in it")
        return path.open("rb")
    except FileNotFoundError as error:
        raise UnreadableImageError(f"there is no file {path}; check the path") from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(
            f"{name} cannot be opened ({error}); check that it may be read"
        ) from error


@contextmanager
def _failures_reported(name: str) -> Iterator[None]:
    """Name the file and what to do; a damaged file can make a decoder raise anything."""
    try:
        yield
    except DeblurError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise ImageTooLargeError(
            f"{name} needs more memory than there is to decode ({error}); make it smaller"
        ) from error
    except Exception as error:
        raise UnreadableImageError(
            f"{name} is damaged or cut short, a whole picture was expected "
            f"({str(error).strip() or type(error).__name__}); save, copy or download it again"
        ) from error


def _not_taken(name: str, kind: str) -> DeblurError:
    if kind == "empty":
        return UnreadableImageError(
            f"{name} is empty (0 bytes), {_EXPECTED}; save, copy or download it again"
        )
    if kind == "":
        return UnreadableImageError(f"{name} is not a picture, {_EXPECTED}; choose another file")
    if kind.startswith(RAW):
        return raw_file(name, kind)
    return UnsupportedImageError(
        f"{name} is {kind}, {_EXPECTED}; save it as one of these and try again"
    )


def _with_name_checked(given: GivenFile, image: DecodedImage) -> DecodedImage:
    """A note where the name says another format than the file holds."""
    named = next((kind for kind, found in SUFFIXES_OF.items() if given.suffix in found), given.kind)
    if named == given.kind:
        return image
    note = f"its name ends in {given.suffix}, and its content is {given.kind}"
    return dataclasses.replace(image, notes=(*image.notes, note))


_READERS: dict[str, Callable[[GivenFile], DecodedImage]] = {
    "JPEG": read_jpeg,
    "PNG": read_png,
    "WEBP": read_webp,
    "TIFF": read_tiff,
    "HEIF": read_heif,
    "AVIF": read_avif,
    "JXL": read_jpeg_xl,
    "BMP": read_bmp,
    "GIF": read_gif,
}
