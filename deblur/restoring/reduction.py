"""A photo at a part of its size: blur that is too wide for a network is narrower there."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Integers = NDArray[Any]
"""uint8 or uint16."""

_ROWS = 64
"""Rows of the smaller picture that are made or enlarged at once, so that few are floats."""
_AROUND = 3
"""Rows of it beside these that a cubic filter sees."""
_PEAK = 65535


def reduced_size(height: int, width: int, reduction: int) -> tuple[int, int]:
    """Height and width at 1 / `reduction`, rounded up, all in pixels."""
    return -(-height // reduction), -(-width // reduction)


def reduced(pixels: Integers, reduction: int) -> Integers:
    """A picture (h, w, C) at its `reduced_size`, with 16 bits.

    Where `reduction` does not divide a side, the picture is reflected beyond it. With a reduction
    of 1 it is the picture itself.
    """
    if reduction == 1:
        return pixels
    height, width = reduced_size(pixels.shape[0], pixels.shape[1], reduction)
    small = np.empty((height, width, pixels.shape[2]), np.uint16)
    beyond = width * reduction - pixels.shape[1]
    for rows, around in _bands(height):
        cut = pixels[around.start * reduction : around.stop * reduction]
        below = len(around) * reduction - len(cut)
        cut = np.pad(cut, ((0, below), (0, beyond), (0, 0)), mode="symmetric")
        top = (rows.start - around.start) * reduction
        box = (0, top, width * reduction, top + len(rows) * reduction)
        for channel in range(pixels.shape[2]):
            plane = _resized(cut[..., channel], (width, len(rows)), box)
            small[rows.start : rows.stop, :, channel] = _rounded(
                plane * np.float32(_PEAK / np.iinfo(pixels.dtype).max), _PEAK
            )
    return small


def sharpened_bands(
    pixels: Integers, small: Integers, small_restored: Iterator[Integers], reduction: int
) -> Iterator[Integers]:
    """A picture (h, w, C), changed as its reduced one was, in bands that follow each other.

    The restored reduced one comes in bands, too, of any height; only those that are needed next
    are kept. What it does not show, as grain and the finest detail, stays as it is.
    """
    width, peak = pixels.shape[1], np.iinfo(pixels.dtype).max
    kept, first = small[:0], 0
    for rows, around in _bands(len(small)):
        kept, first = kept[around.start - first :], around.start
        while first + len(kept) < around.stop:
            kept = np.concatenate([kept, next(small_restored)])
        change = kept[: len(around)].astype(np.float32) - small[first : around.stop]
        change *= np.float32(peak / _PEAK)
        band = pixels[rows.start * reduction : rows.stop * reduction]
        top = rows.start - around.start
        box = (0, top, width / reduction, top + len(band) / reduction)
        changed = np.empty_like(band)
        for channel in range(pixels.shape[2]):
            plane = _resized(change[..., channel], (width, len(band)), box)
            changed[..., channel] = _rounded(band[..., channel] + plane, peak)
        yield changed


def _bands(height: int) -> Iterator[tuple[range, range]]:
    """Rows of a smaller picture, and these with what is around them."""
    for top in range(0, height, _ROWS):
        bottom = min(height, top + _ROWS)
        yield range(top, bottom), range(max(0, top - _AROUND), min(height, bottom + _AROUND))


def _resized(
    plane: NDArray[Any], size: tuple[int, int], box: tuple[float, float, float, float]
) -> Floats:
    """A part of a plane at (width, height), with a cubic filter that neither shifts nor aliases."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, box))


def _rounded(plane: Floats, peak: int) -> Floats:
    return np.rint(np.clip(plane, 0, peak))
