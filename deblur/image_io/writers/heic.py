"""HEIC, lossy, of 8 or 10 bits: coded by x265, where pillow-heif comes with it."""

from typing import BinaryIO

import numpy as np
import pillow_heif

from deblur.errors import OutputError
from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata.colour import code_points_of
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.pixels import rounded_to_10_bit
from deblur.image_io.writers.arrays import interleaved, shown_by_profile
from deblur.image_io.writers.scales import same_error
from deblur.language import say

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def check_encoder() -> None:
    """Raise OutputError where pillow-heif was built without an encoder."""
    if not pillow_heif.libheif_info()["HEIF"]:
        raise OutputError(
            say(
                "a HEIC cannot be written here, as this pillow-heif was built without an HEVC "
                "encoder; choose AVIF, JPEG or PNG"
            )
        )


def write_heic(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write 8 bits, or 10 where the photo has more, with chroma 4:2:0, which phones can read."""
    if image.alpha is not None and image.pixels.shape[2] == 1:
        image = shown_by_profile(image)  # with transparency a HEIC is in colour
    values = rounded_to_10_bit(interleaved(image))
    mode = _MODES[values.shape[2]] + (";10" if values.dtype == np.uint16 else "")
    primaries, transfer, matrix = code_points_of(image.extras.colour, image.icc_profile)
    picture = pillow_heif.from_bytes(mode, (image.width, image.height), values.tobytes())
    picture.save(
        stream,
        quality=same_error("HEIF", coding.quality),
        chroma=420,
        enc_params={"preset": "medium"},
        bit_depth=10,
        exif=image.exif,
        xmp=image.extras.xmp,
        icc_profile=image.icc_profile,
        color_primaries=primaries,
        transfer_characteristics=transfer,
        matrix_coefficients=matrix,
        full_range_flag=1,
    )
