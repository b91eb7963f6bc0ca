"""TIFF of 8 and 16 bits: the directory, then strips of deflated row differences."""

import struct
import zlib
from itertools import accumulate
from typing import BinaryIO

from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata.directories import (
    BYTE,
    LONG,
    UNDEFINED,
    Directory,
    Entry,
    laid_out,
    longs,
    shorts,
)
from deblur.image_io.metadata.exif import resolution_tags, tags_of_exif
from deblur.image_io.metadata.extras import JpegCoding
from deblur.image_io.pixels import strips
from deblur.image_io.readers.tiff import ICC, IPTC, XMP
from deblur.image_io.writers.arrays import interleaved

_STRIP_OFFSETS = 273


def write_tiff(image: DecodedImage, stream: BinaryIO, coding: JpegCoding) -> None:
    """Write every value as it is; `coding` is not used."""
    runs = list(strips(image.height, image.width))
    deflated = [zlib.compress(_differences(interleaved(image, rows)), 1) for rows in runs]
    lengths = [len(strip) for strip in deflated]
    starts = list(accumulate(lengths[:-1], initial=0))
    directory = _metadata_tags(image) | _layout(image)
    directory |= {278: longs(runs[0].stop), 279: longs(*lengths), _STRIP_OFFSETS: longs(*starts)}
    # How long it is does not depend on where the strips begin, which its own length decides.
    behind = 8 + len(laid_out(directory, 8))
    directory[_STRIP_OFFSETS] = longs(*(behind + start for start in starts))
    stream.write(b"II*\0" + struct.pack("<I", 8) + laid_out(directory, 8))
    stream.writelines(deflated)


def _differences(values: Array) -> bytes:
    differences = values.copy()
    differences[:, 1:] -= values[:, :-1]
    return differences.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _metadata_tags(image: DecodedImage) -> dict[int, Entry | Directory]:
    """What the directory says of the photo."""
    extras = image.extras
    found = tags_of_exif(image.exif)[0] if image.exif else {}
    found |= resolution_tags(extras.resolution) if extras.resolution else {}
    if extras.xmp:
        found[XMP] = Entry(BYTE, len(extras.xmp), extras.xmp)
    if extras.iptc:
        padded = extras.iptc + bytes(-len(extras.iptc) % 4)
        found[IPTC] = Entry(LONG, len(padded) // 4, padded)
    if image.icc_profile:
        found[ICC] = Entry(UNDEFINED, len(image.icc_profile), image.icc_profile)
    return found


def _layout(image: DecodedImage) -> dict[int, Entry | Directory]:
    colours = image.pixels.shape[2]
    samples = colours + (image.alpha is not None)
    found: dict[int, Entry | Directory] = {256: longs(image.width), 257: longs(image.height)}
    found |= {258: shorts(*[8 * image.pixels.itemsize] * samples), 259: shorts(8)}
    found |= {262: shorts(2 if colours == 3 else 1), 274: shorts(1), 277: shorts(samples)}
    found |= {284: shorts(1), 317: shorts(2)}
    return found | ({338: shorts(2)} if image.alpha is not None else {})
