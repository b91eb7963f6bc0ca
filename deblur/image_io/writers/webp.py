"""WebP, lossy, of 8 bits."""

from typing import BinaryIO

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.pixels import rounded_to_8_bit
from deblur.image_io.writers.arrays import interleaved, pillow_image, shown_by_profile


def write_webp(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write 8 bits at the quality of `coding`; transparent pixels keep their colours.

    WebP has no grey: a grey photo with a profile becomes RGB.
    """
    if image.pixels.shape[2] == 1:
        image = shown_by_profile(image)
    pillow_image(rounded_to_8_bit(interleaved(image))).save(
        stream,
        "WEBP",
        quality=coding.quality,
        exact=True,
        icc_profile=image.icc_profile,
        exif=image.exif or b"",
        xmp=image.extras.xmp or b"",
    )
