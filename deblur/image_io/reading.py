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
from deblur.language import say

DEFAULT_MAX_PIXELS = 100_000_000
INPUT_SUFFIXES = frozenset().union(*SUFFIXES_OF.values())


def stem_of(photo: Path) -> str:
    """The name of a photo without its ending; a dot that begins no photo's ending is kept."""
    return photo.stem if photo.suffix.lower() in INPUT_SUFFIXES else photo.name


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
            raise UnreadableImageError(
                say("{name} is a folder; name a picture file in it", name=name)
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise UnreadableImageError(
            say("there is no file {path}; check the path", path=path)
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(
            say(
                "{name} cannot be opened ({error}); check that it may be read",
                name=name,
                error=error,
            )
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
            say(
                "{name} needs more memory than there is to decode ({error}); make it smaller",
                name=name,
                error=error,
            )
        ) from error
    except Exception as error:
        raise UnreadableImageError(
            say(
                "{name} is damaged or cut short, a whole picture was expected "
                "({reason}); save, copy or download it again",
                name=name,
                reason=str(error).strip() or type(error).__name__,
            )
        ) from error


def _expected() -> str:
    return say("a JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL, BMP or GIF was expected")


def _in_words(kind: str) -> str:
    """A kind of file that no reader takes, in the language that is spoken."""
    known = {
        RAW: say("a raw file of a camera"),
        "a Photoshop document": say("a Photoshop document"),
        "a GIMP document": say("a GIMP document"),
        "a PDF document": say("a PDF document"),
        "a video": say("a video"),
    }
    name, _, maker = kind.partition(" (")
    title = known.get(name, name)
    return f"{title} ({maker}" if maker else title


def _not_taken(name: str, kind: str) -> DeblurError:
    if kind == "empty":
        return UnreadableImageError(
            say(
                "{name} is empty (0 bytes), {expected}; save, copy or download it again",
                name=name,
                expected=_expected(),
            )
        )
    if kind == "":
        return UnreadableImageError(
            say(
                "{name} is not a picture, {expected}; choose another file",
                name=name,
                expected=_expected(),
            )
        )
    if kind.startswith(RAW):
        return raw_file(name, _in_words(kind))
    return UnsupportedImageError(
        say(
            "{name} is {kind}, {expected}; save it as one of these and try again",
            name=name,
            kind=_in_words(kind),
            expected=_expected(),
        )
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
