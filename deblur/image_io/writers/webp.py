"""WebP, lossy, of 8 bits."""

from typing import BinaryIO

from PIL import Image

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata.colour import cms_transform
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.pixels import rounded_to_8_bit
from deblur.image_io.writers.arrays import interleaved, pillow_image


def write_webp(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write 8 bits at the quality of `coding`; transparent pixels keep their colours."""
    picture, profile = pillow_image(rounded_to_8_bit(interleaved(image))), image.icc_profile
    if profile and image.pixels.shape[2] == 1:
        picture, profile = _coloured(picture, profile), None
    picture.save(
        stream,
        "WEBP",
        quality=coding.quality,
        exact=True,
        icc_profile=profile,
        exif=image.exif or b"",
        xmp=image.extras.xmp or b"",
    )


def _coloured(grey: Image.Image, profile: bytes) -> Image.Image:
    """WebP has no grey: through its own profile it becomes RGB that looks the same."""
    transform = cms_transform(profile, "L")
    if transform is None:
        return grey
    coloured = transform.apply(grey.getchannel("L"))
    if grey.mode == "LA":
        coloured.putalpha(grey.getchannel("A"))
    return coloured
