"""From files to pixels and back, with nothing of the photo lost on the way."""

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.preview import preview_of
from deblur.image_io.reading import DEFAULT_MAX_PIXELS, INPUT_SUFFIXES, decode_image
from deblur.image_io.writing import (
    OUTPUT_FORMATS,
    OUTPUT_SUFFIXES,
    encode_image,
    output_format,
    suffix_of,
    write_image,
)

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "INPUT_SUFFIXES",
    "OUTPUT_FORMATS",
    "OUTPUT_SUFFIXES",
    "DecodedImage",
    "decode_image",
    "encode_image",
    "output_format",
    "preview_of",
    "suffix_of",
    "write_image",
]
