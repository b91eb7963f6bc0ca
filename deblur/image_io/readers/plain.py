"""WebP, BMP and GIF."""

import io
import struct

import imagecodecs
import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, WebPImagePlugin

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.extras import Extras, Resolution
from deblur.image_io.metadata.found import metadata_of
from deblur.image_io.readers.from_pillow import decoded, decoded_by_pillow, first_of
from deblur.language import say

_MAX_CHUNK_BYTES = 64 << 20
_BMP_RESOLUTION = 38


def read_webp(given: GivenFile) -> DecodedImage:
    """Read a WebP or the first frame of one; see decode_image for what is raised."""
    data = given.data()
    _check_chunks(given, data)
    image = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    given.check_size(*image.size)
    metadata = metadata_of(
        image.info.get("exif"),
        image.info.get("icc_profile"),
        first_of(image.n_frames),
        Extras(xmp=image.info.get("xmp")),
    )
    if image.n_frames > 1:
        image.load()
        return decoded_by_pillow(given, image, metadata)
    array = np.empty((image.height, image.width, len(image.mode)), np.uint8)
    imagecodecs.webp_decode(data, hasalpha=image.mode == "RGBA", out=array)
    return decoded(given, array, metadata)


def _check_chunks(given: GivenFile, data: bytes) -> None:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        if data[at : at + 4] in (b"ICCP", b"EXIF", b"XMP ") and length > _MAX_CHUNK_BYTES:
            raise given.too_large(
                say(
                    "holds a chunk of {size} MB beside the picture",
                    size=f"{length / 1e6:.0f}",
                )
            )
        at += 8 + length + length % 2


def read_bmp(given: GivenFile) -> DecodedImage:
    """Read a BMP; see decode_image for what is raised.

    Alpha that is 0 everywhere is what programs write that do not know of alpha, and is left out.
    """
    data = given.data()
    try:
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    except OSError as error:
        if "nsupported" not in str(error):
            raise
        raise given.unsupported(say("a BMP of a rare kind ({error})", error=error)) from error
    given.check_size(*image.size)
    image.load()
    notes: tuple[str, ...] = ()
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        image.putalpha(255)
        notes = ("its transparency is 0 everywhere and was taken as none",)
    found = decoded_by_pillow(
        given, image, metadata_of(None, None, notes, Extras(resolution=_bmp_resolution(data)))
    )
    if notes:
        return DecodedImage(found.pixels, None, found.format, None, None, notes, found.extras)
    return found


def _bmp_resolution(data: bytes) -> Resolution | None:
    if len(data) < _BMP_RESOLUTION + 8 or int.from_bytes(data[14:18], "little") < 40:
        return None
    x, y = struct.unpack_from("<ii", data, _BMP_RESOLUTION)
    return Resolution(x, y) if 0 < x < 1e8 and 0 < y < 1e8 else None


def read_gif(given: GivenFile) -> DecodedImage:
    """Read the first frame of a GIF; see decode_image for what is raised."""
    image = GifImagePlugin.GifImageFile(io.BytesIO(given.data()))
    given.check_size(*image.size)
    comment = image.info.get("comment", b"").decode("utf-8", "replace")
    notes = first_of(image.n_frames)
    image.load()
    texts = (("Comment", comment),) if comment else ()
    return decoded_by_pillow(given, image, metadata_of(None, None, notes, Extras(texts=texts)))
