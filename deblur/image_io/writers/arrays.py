"""Pixels as the encoders want them."""

import numpy as np
from PIL import Image

from deblur.image_io.decoded import Array, DecodedImage


def pillow_image(values: Array) -> Image.Image:
    """A picture of 8-bit values H x W x 1 to 4."""
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)


def interleaved(image: DecodedImage, rows: slice = slice(None)) -> Array:
    """Colours and alpha as one array H x W x (C or C + 1), a copy only where there is alpha."""
    if image.alpha is None:
        return image.pixels[rows]
    return np.dstack([image.pixels[rows], image.alpha[rows]])
