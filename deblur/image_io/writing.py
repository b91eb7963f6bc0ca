"""write_image: the restored photo as a file, whole or not at all."""

from pathlib import Path

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.encoding import NAMES, encode_image, failures_reported, format_named
from deblur.image_io.placing import held_place

_READ_ONLY = frozenset({"bmp", "gif", "jxl"})


def write_image(
    image: DecodedImage,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    strip_metadata: bool = False,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a photo as the file `path`, whole or not at all; gives the notes of `encode_image`.

    Without `format`, the suffix of `path` decides, and without a known one the format that the
    photo came in. Raises OutputExistsError where a file stands and `overwrite` is False, and
    OutputError where the folder is missing, full or closed to us.
    """
    path = Path(path)
    with held_place(path, overwrite=overwrite) as unfinished:
        return encode_file(
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
    quality: int | None = None,
    strip_metadata: bool = False,
) -> tuple[str, ...]:
    """`encode_image` into a file that is ours alone, with its notes. Raises OutputError."""
    with failures_reported(str(path.parent)), path.open("wb") as stream:
        return encode_image(
            image, stream, format=format, quality=quality, strip_metadata=strip_metadata
        )


def requested_format(path: Path, format: str | None) -> str | None:
    """The format that is asked for: `format`, else what the suffix of `path` says, if it does.

    None leaves it to the photo. Raises OutputError for a format that is not written.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if format is None and suffix in NAMES.keys() | _READ_ONLY:
        format = suffix
    return format and format_named(format)
