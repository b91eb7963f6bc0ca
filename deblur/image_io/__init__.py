"""From files to pixels and back, with nothing of the photo lost on the way."""

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.encoding import (
    OUTPUT_FORMATS,
    OUTPUT_SUFFIXES,
    check_output,
    encode_image,
    format_named,
    left_out,
    natural_suffix,
    output_format,
    suffix_of,
)
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.placing import held_place, take_after
from deblur.image_io.preview import preview_of
from deblur.image_io.reading import DEFAULT_MAX_PIXELS, INPUT_SUFFIXES, decode_image, stem_of
from deblur.image_io.writing import encode_file, requested_format, write_image

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "INPUT_SUFFIXES",
    "OUTPUT_FORMATS",
    "OUTPUT_SUFFIXES",
    "DecodedImage",
    "Extras",
    "check_output",
    "decode_image",
    "encode_file",
    "encode_image",
    "format_named",
    "held_place",
    "left_out",
    "natural_suffix",
    "output_format",
    "preview_of",
    "requested_format",
    "stem_of",
    "suffix_of",
    "take_after",
    "write_image",
]
