"""A diagnosis laid over its photo, in colours."""

import numpy as np
from PIL import Image

from deblur.diagnosis.record import Diagnosis
from deblur.image_io import DecodedImage, preview_of
from deblur.synthesis.kinds import Kind

COLOURS = {
    Kind.sharp: (0, 160, 80),
    Kind.shallow: (0, 120, 220),
    Kind.motion: (220, 30, 30),
    Kind.focus: (240, 170, 0),
    Kind.both: (170, 0, 190),
}
"""Green is sharp, blue soft on purpose, red shaken, yellow out of focus, purple both."""

_MAX_OPACITY = 0.6


def heat_map(image: DecodedImage, found: Diagnosis, largest_side: int = 1600) -> DecodedImage:
    """The photo in grey, coloured by the kinds of its tiles; what is flat stays grey.

    8-bit RGB, the longer side at most `largest_side` pixels.
    """
    seen = preview_of(image, largest_side)
    grey = seen.pixels.astype(np.float32).mean(2, keepdims=True)
    if found.tiles:
        paint = np.asarray(_overlay(found).resize((seen.width, seen.height)), np.float32)
        cover = _MAX_OPACITY * paint[..., 3:] / 255
        grey = grey * (1 - cover) + paint[..., :3] * cover
    pixels = np.broadcast_to(np.rint(grey), (seen.height, seen.width, 3)).astype(np.uint8)
    return DecodedImage(pixels, alpha=None, format="PNG")


def _overlay(found: Diagnosis) -> Image.Image:
    """A pixel for each tile: its colour, and as much of it as the tile weighs."""
    columns = len({tile.left for tile in found.tiles})
    values = [(*COLOURS[tile.kind], round(255 * tile.weight)) for tile in found.tiles]
    return Image.fromarray(np.array(values, np.uint8).reshape(-1, columns, 4))
