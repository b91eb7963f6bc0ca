"""A photo as a lens out of focus gives it: a disc in linear light, and the photons' noise."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from deblur.color import linear_to_srgb, srgb_to_linear
from deblur.synthesis.psf import aperture

PHOTONS = 3000
"""Of a white pixel."""
_PEAK = 255


def out_of_focus(
    sharp: NDArray[np.uint8], radius: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A photo (h, w, C) through a disc of `radius` pixels in linear light, with its photons."""
    light = srgb_to_linear(sharp / _PEAK)
    if radius:
        kernel = aperture(radius, 0, 0.0)
        reach = len(kernel) // 2
        around = ((reach, reach), (reach, reach), (0, 0))
        light = fftconvolve(np.pad(light, around, "symmetric"), kernel[..., None], "valid", (0, 1))
    counted = random.poisson(light.clip(0, 1) * PHOTONS) / PHOTONS
    return np.asarray((linear_to_srgb(counted.clip(0, 1)) * _PEAK).round(), np.uint8)
