"""PNG of any depth, and the first picture of an animated one."""

import io

import imagecodecs
from PIL import PngImagePlugin

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.found import metadata_of
from deblur.image_io.readers.from_pillow import decoded, decoded_by_pillow, first_of
from deblur.image_io.readers.png_chunks import chunks_of
from deblur.language import say

_DEPTH = 24
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MAX_DEFLATE_RATIO = 1040


def read_png(given: GivenFile) -> DecodedImage:
    """Read a PNG; see decode_image for what is raised."""
    data = given.data()
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if data[12:16] == b"CgBI":
        raise given.unsupported(say("a PNG packed for an iPhone's programs (CgBI)"))
    if data[12:16] != b"IHDR":
        raise ValueError("it does not begin with its header")
    given.check_size(width, height)
    chunks = chunks_of(given, data)
    bits = data[_DEPTH] * _SAMPLES.get(data[_DEPTH + 1], 1)
    given.check_length(len(chunks.bare), width * height * bits / 8 / _MAX_DEFLATE_RATIO, "pixels")
    notes = (*first_of(chunks.frames), *chunks.notes)
    metadata = metadata_of(chunks.exif, chunks.icc_profile, notes, chunks.extras())
    if data[_DEPTH] == 16:
        return decoded(given, imagecodecs.png_decode(chunks.bare), metadata)
    image = PngImagePlugin.PngImageFile(io.BytesIO(chunks.bare))
    given.check_size(*image.size)
    image.load()
    return decoded_by_pillow(given, image, metadata)
