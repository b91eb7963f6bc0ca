"""Which tiles of a photo are looked at, and how much there is to see in each."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deblur.image_io import DecodedImage

Floats = NDArray[np.float32]

SIDE = 160
"""Pixels; the network has learnt from tiles of this size."""
MIN_SIDE = 32
"""A photo that is smaller shows nothing."""
MIN_TILES, TILES_PER_MEGAPIXEL, MAX_TILES = 16, 16, 64
"""Tiles: a small photo is looked at whole, a large one here and there."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_BLOCK, _FLAT, _TEXTURED = 8, 1.4, 5.0


class Place(NamedTuple):
    """A tile in a photo, in pixels."""

    top: int
    left: int
    height: int
    width: int


def places_in(height: int, width: int) -> Iterator[Place]:
    """Tiles spread evenly over a photo, row by row; they start on the grid of its JPEG blocks."""
    if min(height, width) < MIN_SIDE:
        return
    most = min(MAX_TILES, max(MIN_TILES, round(TILES_PER_MEGAPIXEL * height * width / 1e6)))
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    if rows * columns > most:
        share = (most / (rows * columns)) ** 0.5
        rows = min(most, max(1, round(rows * share)))
        columns = max(1, min(columns, most // rows))
    for top in _starts(height, rows):
        for left in _starts(width, columns):
            yield Place(top, left, min(SIDE, height), min(SIDE, width))


def _starts(length: int, count: int) -> list[int]:
    """From one end to the other; a single one lies in the middle."""
    free = max(0, length - SIDE)
    first, last = (free / 2, free / 2) if count == 1 else (0, free)
    return [int(start) // 8 * 8 for start in np.linspace(first, last, count)]


def luma_of(image: DecodedImage, place: Place, reduction: int = 1) -> Floats:
    """A tile as float32 (height, width) in [0, 1].

    Of a photo at 1 / `reduction` of its size, in whose pixels the place is; each of these is the
    mean of a square of the photo's own.
    """
    top, left, height, width = (reduction * each for each in place)
    cut = image.pixels[top : top + height, left : left + width].astype(np.float32)
    luma = cut[..., 0] if cut.shape[2] == 1 else cut @ _LUMA
    if reduction > 1:
        luma = luma.reshape(place.height, reduction, place.width, reduction).mean((1, 3))
    return np.asarray(luma / np.iinfo(image.pixels.dtype).max)


def as_seen(luma: Floats) -> Floats:
    """A tile of SIDE x SIDE pixels; what a small photo lacks is mirrored."""
    missing = [(0, SIDE - length) for length in luma.shape]
    return np.pad(luma, missing, mode="symmetric")


def weight_of(luma: Floats) -> float:
    """How much there is to see, in [0, 1]: slopes from block to block, which noise hardly makes.

    A tile of a photo that is smaller counts for its share.
    """
    rows, columns = (length // _BLOCK for length in luma.shape)
    blocks = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    coarse = 255 / _BLOCK**2 * blocks.sum(3).sum(1)
    slope = np.hypot(np.diff(coarse, axis=0)[:, :-1], np.diff(coarse, axis=1)[:-1])
    seen = (float(np.sqrt(np.square(slope).mean())) - _FLAT) / (_TEXTURED - _FLAT)
    return min(1.0, max(0.0, seen)) * luma.size / SIDE**2
