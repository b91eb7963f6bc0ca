"""Where a crop is taken and how it is turned: drawn once, applied to both pictures alike."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from deblur.training.config import Augmentation

Pixels = NDArray[np.uint8]

_SHRINKING = np.linspace(1, 0, 21)
_SUPPORT = 3


@dataclass(frozen=True)
class Crop:
    """A square of `side` pixels around `centre` (y, x), in pixels of the photo.

    It is seen turned by `angle` (radians) and enlarged by `scale`; 0 and 1 mean that pixels
    are taken as they are. Then follow `turns` by 90 degrees, `mirrored` left to right, and
    `channels` as the order of red, green and blue.
    """

    side: int
    centre: tuple[float, float]
    angle: float = 0.0
    scale: float = 1.0
    turns: int = 0
    mirrored: bool = False
    channels: tuple[int, ...] = (0, 1, 2)

    def cut(self, photo: Pixels) -> Pixels:
        """The crop of an RGB photo uint8 (h, w, 3): contiguous uint8 (side, side, 3)."""
        resampled = self.angle != 0 or self.scale != 1
        crop = self._resample(photo) if resampled else self._slice(photo)
        crop = np.rot90(crop, self.turns)
        if self.mirrored:
            crop = crop[:, ::-1]
        if self.channels != (0, 1, 2):
            crop = crop[..., list(self.channels)]
        return np.ascontiguousarray(crop)

    def _slice(self, photo: Pixels) -> Pixels:
        top, left = (int(middle - self.side / 2) for middle in self.centre)
        return photo[top : top + self.side, left : left + self.side]

    def _resample(self, photo: Pixels) -> Pixels:
        """Bicubic, from the part of the photo that the crop needs."""
        half = reach(self.side, self.angle, self.scale) / 2 + _SUPPORT
        top, left = (max(0, math.floor(middle - half)) for middle in self.centre)
        bottom, right = (math.ceil(middle + half) for middle in self.centre)
        cosine, sine = (f(self.angle) / self.scale for f in (math.cos, math.sin))
        y, x = self.centre[0] - top, self.centre[1] - left
        middle = self.side / 2
        rows = (cosine, -sine, x - (cosine - sine) * middle)
        columns = (sine, cosine, y - (sine + cosine) * middle)
        crop = Image.fromarray(photo[top:bottom, left:right]).transform(
            (self.side, self.side),
            Image.Transform.AFFINE,
            (*rows, *columns),
            resample=Image.Resampling.BICUBIC,
        )
        return np.asarray(crop)


def draw_crop(
    size: tuple[int, int], side: int, augmentation: Augmentation, random: Generator
) -> Crop:
    """Draw a crop that lies wholly inside a photo of `size` (height, width), at least `side`.

    Where the photo is too small for the angle and scale drawn, both are drawn back evenly
    towards none until it fits.
    """
    angle = math.radians(augmentation.rotation) * random.uniform(-1, 1)
    scale = 1 + augmentation.zoom * random.uniform(-1, 1)
    angle, scale = _fitting(min(size), side, angle, scale)
    extent = reach(side, angle, scale)
    free = [max(0.0, length - extent) for length in size]
    places = random.random(2) if augmentation.shift else np.array([0.5, 0.5])
    corners = [place * length for place, length in zip(places, free, strict=True)]
    if angle == 0 and scale == 1:
        corners = [int(place * (length + 1)) for place, length in zip(places, free, strict=True)]
    middles = [corner + extent / 2 for corner in corners]
    turns, mirrored, order = int(random.integers(4)), random.random() < 0.5, random.permutation(3)
    return Crop(
        side,
        (middles[0], middles[1]),
        angle,
        scale,
        turns if augmentation.turns else 0,
        mirrored and augmentation.flip,
        tuple(map(int, order)) if augmentation.channels else (0, 1, 2),
    )


def reach(side: int, angle: float, scale: float) -> float:
    """How many pixels of a photo a crop spans upright."""
    return side / scale * (abs(math.cos(angle)) + abs(math.sin(angle)))


def _fitting(shortest: int, side: int, angle: float, scale: float) -> tuple[float, float]:
    for share in _SHRINKING:
        tried = angle * share, 1 + (scale - 1) * share
        if reach(side, *tried) <= shortest:
            return float(tried[0]), float(tried[1])
    return 0.0, 1.0
