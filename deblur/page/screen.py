"""What a screen gets of a picture: its pixels at 8 bits, to be cut from, and where to look."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur.image_io import DecodedImage, encode_image, preview_of

Pixels = NDArray[Any]

PREVIEW_SIDE = 2560
MAX_CUT_SIDE = 1024
"""Pixels of a piece's longer side."""

_ROWS = 512
_SEARCH_SIDE = 512
_WINDOW = (640, 480)
"""The part of a photo that is looked for: about what a phone shows at 100 %."""

_MAX_STEP = 40
"""Of 255: a stronger step counts no more, so that one outline is not taken for detail."""


def write_for_screen(image: DecodedImage, path: Path) -> None:
    """Keep all pixels at 8 bits as the `.npy` file `path`, H x W x C, clear ones checkered."""
    kept = np.lib.format.open_memmap(
        path, "w+", np.uint8, (image.height, image.width, image.pixels.shape[2])
    )
    for start in range(0, image.height, _ROWS):
        rows = slice(start, start + _ROWS)
        alpha = None if image.alpha is None else image.alpha[rows]
        band = replace(image, pixels=image.pixels[rows], alpha=alpha)
        kept[rows] = preview_of(band, max(image.width, _ROWS)).pixels
    kept.flush()


def cut(kept: Path, left: int, top: int, width: int, height: int) -> Pixels:
    """A piece of a file of `write_for_screen`, H x W x C, as much of it as there is."""
    picture = np.load(kept, mmap_mode="r")
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def as_png(pixels: Pixels, colours: DecodedImage) -> bytes:
    """A lossless file for a browser, its colours those of another picture."""
    stream = io.BytesIO()
    encode_image(replace(colours, pixels=pixels, format="PNG"), stream, strip_metadata=True)
    return stream.getvalue()


def busiest(preview: Pixels, height: int, width: int) -> tuple[int, int]:
    """Where a photo of that size has most detail: (x, y) of the middle, in pixels of the photo."""
    grey = Image.fromarray(preview.mean(2).astype(np.uint8))
    scale = min(1.0, _SEARCH_SIDE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    values = np.asarray(grey.resize(size, Image.Resampling.BOX), np.float32)
    steps = np.zeros_like(values)
    steps[:, 1:] += np.minimum(np.abs(np.diff(values, axis=1)), _MAX_STEP)
    steps[1:] += np.minimum(np.abs(np.diff(values, axis=0)), _MAX_STEP)
    seen = [
        min(side, max(1, round(part * scale))) for side, part in zip(size, _WINDOW, strict=True)
    ]
    sums = _sums(steps, seen[1], seen[0])
    top, left = np.unravel_index(int(sums.argmax()), sums.shape)
    across, down = (int(left) + seen[0] / 2) / size[0], (int(top) + seen[1] / 2) / size[1]
    return round(across * width), round(down * height)


def _sums(values: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Of every window of that size."""
    total = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return np.asarray(
        total[height:, width:]
        - total[:-height, width:]
        - total[height:, :-width]
        + total[:-height, :-width]
    )
