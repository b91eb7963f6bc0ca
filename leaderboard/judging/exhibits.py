"""The pictures that are judged: a cut of a photo at 100 %, as it is and as models restore it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deblur.image_io import DecodedImage, decode_image, write_image
from leaderboard.judging.questions import Photo
from leaderboard.judging.votes import BLURRED, SHARP, model_of
from leaderboard.tabs.comparison import Restore

MAX_SIDE = 560
"""Pixels that a side may have; of a larger photo, the part with the most contrast is shown."""

MARGIN = 64
"""Pixels around that part that models see too."""

STEPS = 9
"""Places, down and across, where that part may lie."""

Window = tuple[slice, slice]


class Exhibits:
    """Lossless files for a browser, whose names and metadata do not tell what made them."""

    def __init__(self, restore: Restore, new_folder: Callable[[], Path]) -> None:
        self._restore, self._new_folder = restore, new_folder
        self._made: dict[tuple[Photo, str], Path] = {}

    def file(self, photo: Photo, contestant: str) -> Path:
        """A PNG of a photo as a contestant shows it, kept for the next person who sees it.

        Raises DeblurError when the photo cannot be read or restored.
        """
        made = self._made.get((photo, contestant))
        if made is None or not made.is_file():
            made = self._new_folder() / "picture.png"
            write_image(self._picture(photo, contestant), made)
            self._made[photo, contestant] = made
        return made

    def _picture(self, photo: Photo, contestant: str) -> DecodedImage:
        blurred = decode_image(photo.blurred)
        window = window_of(blurred.pixels)
        if contestant == BLURRED:
            return _cut(blurred, window)
        if contestant == SHARP:
            assert photo.sharp is not None
            return _cut(decode_image(photo.sharp), window)
        rows, columns = window
        top, left = max(0, rows.start - MARGIN), max(0, columns.start - MARGIN)
        seen = slice(top, rows.stop + MARGIN), slice(left, columns.stop + MARGIN)
        file = self._new_folder() / "photo.png"
        write_image(_cut(blurred, seen), file)
        restored = decode_image(self._restore(model_of(contestant), file))
        inner = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        return _cut(restored, inner)


def window_of(pixels: NDArray[np.integer]) -> Window:
    """Rows and columns of (H, W, C) that are shown: up to MAX_SIDE each, with the most contrast."""
    height, width = (min(side, MAX_SIDE) for side in pixels.shape[:2])
    grey = pixels.mean(-1)
    places = [
        (slice(top, top + height), slice(left, left + width))
        for top in _starts(pixels.shape[0], height)
        for left in _starts(pixels.shape[1], width)
    ]
    return max(places, key=lambda place: float(grey[place].std()))


def _starts(whole: int, part: int) -> list[int]:
    return sorted({round(step * (whole - part) / (STEPS - 1)) for step in range(STEPS)})


def _cut(image: DecodedImage, window: Window) -> DecodedImage:
    alpha = None if image.alpha is None else image.alpha[window]
    pixels = np.ascontiguousarray(image.pixels[window])
    return DecodedImage(pixels, alpha, image.format, icc_profile=image.icc_profile)
