"""A picture of a photo that any browser can show."""

import dataclasses

import numpy as np
from PIL import Image

from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.pixels import rounded_to_8_bit

_CHECK = 12
_LIGHT, _DARK = 255, 216


def preview_of(image: DecodedImage, largest_side: int) -> DecodedImage:
    """The photo at 8 bits, its longer side at most `largest_side` pixels, with its colours alone.

    What is transparent lies over a checkerboard; what else the file says is left out.
    """
    scale = min(1.0, largest_side / max(image.width, image.height))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    pixels = _resized(image.pixels, size).reshape(size[1], size[0], -1)
    if image.alpha is not None:
        pixels = _over_checkerboard(pixels, _resized(image.alpha, size))
    colours = Extras(colour=image.extras.colour)
    return dataclasses.replace(image, pixels=pixels, alpha=None, exif=None, extras=colours)


def _resized(values: Array, size: tuple[int, int]) -> Array:
    plane = values[..., 0] if values.shape[2:] == (1,) else values
    picture = Image.fromarray(rounded_to_8_bit(plane))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def _over_checkerboard(pixels: Array, alpha: Array) -> Array:
    rows, columns = np.indices(alpha.shape) // _CHECK
    ground = np.where((rows + columns) % 2, _LIGHT, _DARK)[..., np.newaxis]
    share = alpha[..., np.newaxis] / 255
    return np.rint(pixels * share + ground * (1 - share)).astype(np.uint8)
