"""AVIF, lossy, of 8 or 10 bits, with what tells of the photo put beside it into its boxes."""

from typing import BinaryIO

import imagecodecs
import numpy as np

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata.colour import code_points_of
from deblur.image_io.metadata.exif import EXIF_PREFIX
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.pixels import rounded_to_10_bit
from deblur.image_io.writers.arrays import interleaved
from deblur.image_io.writers.items import Item, with_items
from deblur.image_io.writers.scales import same_error

_BITS = 10
_SPEED = 8
_XMP_TYPE = b"application/rdf+xml\0"


def write_avif(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write 8 bits, or 10 where the photo has more, with the chroma of `coding`."""
    values = rounded_to_10_bit(interleaved(image))
    values = np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)
    primaries, transfer, matrix = code_points_of(image.extras.colour, image.icc_profile)
    encoded = imagecodecs.avif_encode(
        values,
        level=same_error("AVIF", coding.quality),
        speed=_SPEED,
        bitspersample=_BITS if values.dtype == np.uint16 else 8,
        pixelformat=coding.subsampling.replace(":", ""),
        primaries=primaries,
        transfer=transfer,
        matrix=matrix,
    )
    items = []
    if image.exif:
        # Four bytes say how far behind them its TIFF header begins.
        items.append(Item(b"Exif", b"\0", bytes(4) + image.exif.removeprefix(EXIF_PREFIX)))
    if image.extras.xmp:
        items.append(Item(b"mime", b"\0" + _XMP_TYPE, image.extras.xmp))
    stream.write(with_items(bytes(encoded), items, image.icc_profile))
