"""Point spread functions as arrays: paths, apertures, softness, and what they make together."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FINE = 8
"""Samples per pixel and axis for the edge of an aperture."""


def render_path(path: Array) -> Array:
    """Draw a path as a kernel: (T, 2) as x, y in pixels from the centre -> (k, k), sum 1, k odd.

    Between its points the path is straight. Every moment leaves its light on the four pixels
    around it, by bilinear weights.
    """
    half = int(np.ceil(np.abs(path).max())) + 1
    side = 2 * half + 1
    moments = np.linspace(0, len(path) - 1, 4 * len(path) + 1)
    place = np.stack([np.interp(moments, np.arange(len(path)), axis) for axis in path.T]) + half
    corner = np.floor(place).astype(int)
    part = place - corner
    kernel = np.zeros((side, side))
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - right - part[0]) * np.abs(1 - down - part[1])
            np.add.at(kernel, (corner[1] + down, corner[0] + right), weight)
    return np.asarray(kernel / kernel.sum())


def aperture(radius: float, blades: int, angle: float) -> Array:
    """The image of a point out of focus: a disc, or with `blades` a polygon turned by `angle`.

    `radius` is in pixels and `angle` in radians; the edge is antialiased. -> (k, k), sum 1.
    """
    half = int(np.ceil(radius)) + 1
    fine = (np.arange((2 * half + 1) * FINE) + 0.5) / FINE - half - 0.5
    x, y = np.meshgrid(fine, fine)
    reach = np.hypot(x, y)
    if blades:
        sector = 2 * np.pi / blades
        within = (np.arctan2(y, x) + angle) % sector - sector / 2
        reach = reach * np.cos(within) / np.cos(sector / 2)
    inside = (reach <= radius).astype(np.float64)
    side = 2 * half + 1
    kernel = inside.reshape(side, FINE, side, FINE).sum((1, 3))
    if not kernel.any():  # smaller than the samples lie apart: as good as in focus
        kernel[half, half] = 1
    return np.asarray(kernel / kernel.sum())


def gaussian(sigma: float) -> Array:
    """A Gaussian of `sigma` pixels, cut at three and a half of them: (k, k), sum 1."""
    if not sigma:
        return np.ones((1, 1))
    half = int(np.ceil(3.5 * sigma))
    line = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum())


def convolve_kernels(first: Array, second: Array | None) -> Array:
    """Both blurs one after the other: (k, k) and (l, l) -> (k + l - 1, k + l - 1)."""
    if second is None:
        return first
    side = len(first) + len(second) - 1
    product = np.fft.rfft2(first, (side, side)) * np.fft.rfft2(second, (side, side))
    return np.asarray(np.fft.irfft2(product, (side, side)).clip(0))
