"""What the edge of a picture costs: the same pixels with surroundings, without, and padded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import Dataset
from benchmarks.errors import DatasetError
from deblur.image_io import DecodedImage
from deblur.quality import psnr
from deblur.restorer import Restorer

SIDE = 320
"""Pixels of a piece that is cut out of the middle of a picture and restored alone."""
EDGE = 12
"""The outer pixels of it that are scored."""
AROUND = 160
"""Pixels of surroundings: more than any of our networks sees."""
MODES = ("reflect", "symmetric", "edge")
PADDINGS = (16, 32, 64)

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class EdgeGain:
    """Mean gain in dB of PSNR over the blurred input in the outer EDGE pixels of a piece."""

    treatment: str
    gain: float
    pieces: int


def measure_edges(
    restorer: Restorer, dataset: Dataset, tell: Callable[[str], None] = lambda text: None
) -> list[EdgeGain]:
    """The gain at the edge for each way to treat it, the whole surroundings first.

    Raises DatasetError when no picture of the dataset has a sharp one and room for a piece.
    """
    gains: dict[str, list[float]] = {}
    for item in dataset.items:
        loaded = dataset.load(item)
        if loaded.sharp is None or min(loaded.sharp.height, loaded.sharp.width) < SIDE + 2:
            continue
        tell(item.id)
        for name, gain in _gains(restorer, loaded.blurred, loaded.sharp):
            gains.setdefault(name, []).append(gain)
    if not gains:
        raise DatasetError(
            f"{dataset.name} has no sharp picture of more than {SIDE} x {SIDE} pixels"
        )
    return [EdgeGain(name, float(np.mean(each)), len(each)) for name, each in gains.items()]


def _gains(
    restorer: Restorer, blurred: DecodedImage, sharp: DecodedImage
) -> Iterator[tuple[str, float]]:
    top, left = (blurred.height - SIDE) // 2, (blurred.width - SIDE) // 2
    above, before = min(top, AROUND), min(left, AROUND)
    piece = _cut(blurred.pixels, top, left, SIDE, SIDE)
    expected = _cut(sharp.pixels, top, left, SIDE, SIDE)
    wide = blurred.pixels[top - above : top + SIDE + AROUND, left - before : left + SIDE + AROUND]

    def restored(pixels: Pixels) -> Pixels:
        image = DecodedImage(np.ascontiguousarray(pixels), None, "PNG")
        return restorer.restore(image).pixels

    def gain(pixels: Pixels) -> float:
        return _edge_psnr(pixels, expected) - _edge_psnr(piece, expected)

    yield "with its surroundings", gain(_cut(restored(wide), above, before, SIDE, SIDE))
    yield "alone", gain(restored(piece))
    for mode, padding in product(MODES, PADDINGS):
        around = ((padding, padding), (padding, padding), (0, 0))
        padded = np.pad(piece, around, mode=mode)  # type: ignore[call-overload]
        inner = _cut(restored(padded), padding, padding, SIDE, SIDE)
        yield f"{mode}, {padding} px", gain(inner)


def _cut(pixels: Pixels, top: int, left: int, height: int, width: int) -> Pixels:
    return pixels[top : top + height, left : left + width]


def _edge_psnr(pixels: Pixels, expected: Pixels) -> float:
    peak = float(np.iinfo(expected.dtype).max)
    return psnr(_edge(pixels), _edge(expected), peak=peak)


def _edge(pixels: Pixels) -> Pixels:
    outer = np.ones(pixels.shape[:2], bool)
    outer[EDGE:-EDGE, EDGE:-EDGE] = False
    return pixels[outer]
