"""A photo at a part of its size: blur that is too wide for a network is narrower there."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]


def reduced(pictures: Floats, reduction: int) -> Floats:
    """Pictures (N, C, h, w) at 1 / `reduction` of their sizes, which it divides."""
    if reduction == 1:
        return pictures
    height, width = (length // reduction for length in pictures.shape[2:])
    small = np.empty((*pictures.shape[:2], height, width), np.float32)
    for place in np.ndindex(small.shape[:2]):
        small[place] = _resized(pictures[place], height, width)
    return small


def sharpened(picture: Floats, small: Floats, small_restored: Floats) -> Floats:
    """A picture (h, w, C), changed as its reduced one was; it is written over.

    What the reduced one does not show, as grain and the finest detail, stays as it is.
    """
    change = np.subtract(small_restored, small)
    for channel in range(picture.shape[2]):
        picture[..., channel] += _resized(change[..., channel], *picture.shape[:2])
    return picture


def _resized(plane: Floats, height: int, width: int) -> Floats:
    """With a cubic filter that neither shifts nor aliases."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
