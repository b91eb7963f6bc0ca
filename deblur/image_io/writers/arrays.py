"""Pixels as the encoders want them."""

from dataclasses import replace

import numpy as np
from PIL import Image

from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.metadata.colour import cms_transform
from deblur.image_io.pixels import rounded_to_8_bit


def pillow_image(values: Array) -> Image.Image:
    """A picture of 8-bit values H x W x 1 to 4."""
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)


def interleaved(image: DecodedImage, rows: slice = slice(None)) -> Array:
    """Colours and alpha as one array H x W x (C or C + 1), a copy only where there is alpha."""
    if image.alpha is None:
        return image.pixels[rows]
    return np.dstack([image.pixels[rows], image.alpha[rows]])


def shown_by_profile(image: DecodedImage) -> DecodedImage:
    """A grey photo as RGB of 8 bits that looks the same without its profile.

    One without a profile, or with an unsound one, stays grey.
    """
    transform = cms_transform(image.icc_profile, "L") if image.icc_profile else None
    if transform is None:
        return replace(image, icc_profile=None)
    shown = transform.apply(pillow_image(rounded_to_8_bit(image.pixels)))
    alpha = None if image.alpha is None else rounded_to_8_bit(image.alpha)
    return replace(image, pixels=np.asarray(shown), alpha=alpha, icc_profile=None)
