"""Pictures that tests are made of."""

import numpy as np
from numpy.typing import NDArray

from deblur.image_io import DecodedImage


def scene(height: int, width: int, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Edges, gradients and texture, uint8 (height, width, channels)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    layers = [
        127 + 120 * np.sin(x / random.uniform(2, 20) + y / random.uniform(2, 20))
        for _ in range(channels)
    ]
    picture = np.stack(layers, -1)
    for _ in range(12):
        top, left = random.integers(height), random.integers(width)
        bottom, right = top + random.integers(2, 40), left + random.integers(2, 40)
        picture[top:bottom, left:right] = random.integers(0, 256, channels)
    picture += random.normal(0, 6, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def photo(height: int, width: int, channels: int = 3, seed: int = 0) -> DecodedImage:
    """A decoded photo of that scene."""
    return DecodedImage(scene(height, width, channels, seed), alpha=None, format="PNG")
