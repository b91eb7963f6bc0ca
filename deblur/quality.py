"""Full-reference quality of a restored picture: pure functions on NumPy arrays.

Pictures are (h, w) or (h, w, C), of equal shapes; `peak` is the largest possible value (1.0, 255,
65535). Every function raises ValueError when the shapes differ.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.generic]
Floats = NDArray[np.float64]

RADIUS = 5
"""Reach in pixels of SSIM's Gaussian window to each side: 11 x 11."""
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


def psnr(restored: Pixels, sharp: Pixels, *, peak: float) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels.

    Equal pictures give infinity.
    """
    _check_shapes(restored, sharp)
    difference = restored.astype(np.float64) - sharp.astype(np.float64)
    mean_square = float(np.mean(difference**2))
    return float("inf") if mean_square == 0 else float(10 * np.log10(peak**2 / mean_square))


def luma(pixels: Pixels) -> Floats:
    """Y of RGB (h, w, 3) in [0, 255], as MATLAB's rgb2ycbcr: float64 (h, w) from 16 to 235.

    Not rounded. Recommendation ITU-R BT.601 scales to that range, so that a PSNR on Y with
    peak 255 is 1.3 dB above one on a Y from 0 to 255.
    """
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.asarray(pixels.astype(np.float64) @ weights + 16)


def ssim(restored: Pixels, sharp: Pixels, *, peak: float) -> float:
    """Structural similarity of each channel on its own, and their mean; 1 for equal pictures.

    Wang et al. 2004: Gaussian window of 11 x 11 and sigma 1.5, K 0.01 and 0.03, only where the
    window lies inside. Raises ValueError, too, for pictures that are smaller than the window.
    """
    _check_shapes(restored, sharp)
    if min(sharp.shape[:2]) <= 2 * RADIUS:
        raise ValueError(f"SSIM takes pictures of 11 x 11 pixels or more, not {sharp.shape}")
    inner = slice(RADIUS, -RADIUS)
    moments = [_blurred(each)[:, inner, inner] for each in _products(restored, sharp)]
    return _similarity(moments, peak)


def ssim_3d(restored: Pixels, sharp: Pixels, *, peak: float) -> float:
    """Structural similarity under MATLAB's window, which reaches across the channels of RGB.

    What MATLAB's `ssim` makes of (h, w, 3), and most deblurring papers print: a Gaussian of
    11 x 11 x 11 and sigma 1.5 over rows, columns and channels, edges repeated.
    """
    _check_shapes(restored, sharp)
    if sharp.ndim != 3:
        raise ValueError(f"the 3-D SSIM takes (h, w, C), not {sharp.shape}")
    mixing = _channel_mixing(sharp.shape[2])
    moments = [
        np.einsum("ij,jhw->ihw", mixing, _blurred(each)) for each in _products(restored, sharp)
    ]
    return _similarity(moments, peak)


def _check_shapes(restored: Pixels, sharp: Pixels) -> None:
    if restored.shape != sharp.shape:
        raise ValueError(f"shapes differ: {restored.shape} and {sharp.shape}")


def _products(restored: Pixels, sharp: Pixels) -> Iterator[Floats]:
    """Both pictures, their squares and their product, each (C, h, w)."""
    x, y = (
        np.ascontiguousarray(np.moveaxis(np.atleast_3d(each), 2, 0), np.float64)
        for each in (restored, sharp)
    )
    yield from (x, y)
    yield from (x * x, y * y, x * y)


def _similarity(moments: Sequence[Floats], peak: float) -> float:
    mean_x, mean_y, square_x, square_y, product = moments
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    both, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    above = (2 * both + c1) * (2 * (product - both) + c2)
    below = (squares + c1) * (square_x + square_y - squares + c2)
    return float((above / below).mean())


def _window() -> Floats:
    """The Gaussian's taps, from the outermost to the middle one: (RADIUS + 1,)."""
    taps = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * _SIGMA**2))
    return np.asarray((taps / taps.sum())[: RADIUS + 1])


def _blurred(planes: Floats) -> Floats:
    """(C, h, w) under the Gaussian over rows and columns, edges repeated."""
    padded = np.pad(planes, ((0, 0), (RADIUS, RADIUS), (RADIUS, RADIUS)), mode="edge")
    return _along(_along(padded, 1), 2)


def _along(values: Floats, axis: int) -> Floats:
    """The Gaussian along one axis, which gets 2 `RADIUS` shorter; the taps are symmetric."""
    count = values.shape[axis] - 2 * RADIUS
    ends: list[slice] = [slice(None)] * values.ndim

    def shifted(start: int) -> Floats:
        ends[axis] = slice(start, start + count)
        return np.asarray(values[tuple(ends)])

    *outer, middle = _window()
    blurred = shifted(RADIUS) * middle
    for offset, tap in enumerate(outer):
        blurred += (shifted(offset) + shifted(2 * RADIUS - offset)) * tap
    return np.asarray(blurred)


def _channel_mixing(channels: int) -> Floats:
    """The Gaussian along the channels, edges repeated, as a matrix (C, C)."""
    *outer, middle = _window()
    mixing = np.zeros((channels, channels))
    for row in range(channels):
        for offset, tap in zip(
            range(-RADIUS, RADIUS + 1), [*outer, middle, *outer[::-1]], strict=True
        ):
            mixing[row, np.clip(row + offset, 0, channels - 1)] += tap
    return mixing
