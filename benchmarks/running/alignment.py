"""The best over shifts, for datasets whose restored pictures may lie beside the sharp ones.

All shifts are judged at once: for each of the sub-pixel offsets the picture is interpolated once,
and one correlation by Fourier transform gives the squared error at every whole shift.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2

from deblur.quality import luma
from deblur.records.protocol import Alignment

Floats = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


def align(
    restored: NDArray[np.uint8], sharp: NDArray[np.uint8], rule: Alignment
) -> tuple[Floats, Floats]:
    """Both pictures, RGB (h, w, 3), where they fit best: float64 in [0, 255], border cut off.

    Raises ValueError when nothing would be left of them.
    """
    if min(sharp.shape[:2]) <= 2 * rule.border:
        raise ValueError(f"pictures of {sharp.shape} have no inside {rule.border} px from the edge")
    down, right = best_shift(luma(restored), luma(sharp), rule)
    moved = _window(_padded(restored.astype(np.float64), rule), rule, down, right)
    return moved, _inside(sharp.astype(np.float64), rule)


def best_shift(restored: Floats, sharp: Floats, rule: Alignment) -> tuple[float, float]:
    """How far down and right in `restored` the inside of `sharp` is found, in pixels.

    Both are luma (h, w). Beyond the picture its edge is repeated; a border that is wider than
    the reach never looks there.
    """
    inside = _inside(sharp, rule)
    size = [next_fast_len(side + 2 * rule.reach, real=True) for side in inside.shape]
    spectrum = np.conj(rfft2(inside, size))
    padded = _padded(restored, rule)
    found = []
    for down, right, field in _offsets(padded, rule):
        errors = _squared_errors(field, inside, spectrum, size, 2 * rule.reach + 1)
        errors = errors[: len(errors) - (down > 0), : len(errors) - (right > 0)]
        row, column = np.unravel_index(int(errors.argmin()), errors.shape)
        found.append((errors[row, column], row + down, column + right))
    _, down, right = min(found)
    return float(down) - rule.reach, float(right) - rule.reach


def _inside(picture: Floats, rule: Alignment) -> Floats:
    height, width = picture.shape[:2]
    return picture[rule.border : height - rule.border, rule.border : width - rule.border]


def _offsets(padded: Floats, rule: Alignment) -> Iterator[tuple[float, float, Floats]]:
    fractions = np.arange(0, 1, rule.step)
    for down in fractions:
        rows = (1 - down) * padded[:-1] + down * padded[1:]
        for right in fractions:
            yield down, right, (1 - right) * rows[:, :-1] + right * rows[:, 1:]


def _squared_errors(
    field: Floats, inside: Floats, spectrum: Spectrum, size: list[int], count: int
) -> Floats:
    """The squared error where the inside starts at every row and column: (count, count)."""
    product = irfft2(rfft2(field, size) * spectrum, size)[:count, :count]
    sums = np.pad(np.cumsum(np.cumsum(field**2, 0), 1), ((1, 0), (1, 0)))
    height, width = inside.shape
    rows = sums[height : height + count] - sums[:count]
    energy = rows[:, width : width + count] - rows[:, :count]
    return np.asarray(energy - 2 * product + (inside**2).sum())


def _padded(picture: Floats, rule: Alignment) -> Floats:
    """What the inside may be moved over: from `border - reach`, and a pixel more at the end."""
    start = rule.border - rule.reach
    beyond = max(0, -start) + 1
    around = [(beyond, beyond)] * 2 + [(0, 0)] * (picture.ndim - 2)
    padded = np.pad(picture, around, mode="edge")
    height, width = picture.shape[:2]
    first = start + beyond
    return padded[first : height - start + beyond + 1, first : width - start + beyond + 1]


def _window(padded: Floats, rule: Alignment, down: float, right: float) -> Floats:
    row, column = math.floor(down), math.floor(right)
    height, width = (side - 2 * rule.reach - 1 for side in padded.shape[:2])
    top, left = row + rule.reach, column + rule.reach
    cut = padded[top : top + height + 1, left : left + width + 1]
    down, right = down - row, right - column
    rows = (1 - down) * cut[:-1] + down * cut[1:]
    return np.asarray((1 - right) * rows[:, :-1] + right * rows[:, 1:])
