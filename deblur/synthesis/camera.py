"""What the camera adds after the optics: clipped highlights, noise, and JPEG."""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from deblur.synthesis.devices import beside

_TO_YCC = torch.tensor(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]],
    dtype=torch.float64,
)
_YCC = _TO_YCC, torch.linalg.inv(_TO_YCC), torch.tensor([0.0, 128, 128]).view(1, 3, 1, 1)
"""RGB to luma and chroma, back again, and what is added to them."""


def brighten_highlights(light: Tensor, boost: Tensor) -> Tensor:
    """Give clipped lamps and reflections back some of the light that they had.

    `light` is (N, 3, h, w) linear in [0, 1]; where a pixel is close to full scale it is
    multiplied by up to `boost` (N,). Blurred afterwards and clipped, it streaks as real
    highlights do.
    """
    nearly_full = ((light.amin(1, keepdim=True) - 0.9) / 0.1).clamp(0, 1)
    return light * (1 + (boost.view(-1, 1, 1, 1) - 1) * nearly_full)


def noise_of(light: Tensor, photons: float, read_noise: float, generator: Generator) -> Tensor:
    """Poisson noise of the light and Gaussian noise of the electronics, to be added to it.

    `light` is linear and not negative, `photons` what a pixel at full scale counts,
    `read_noise` a standard deviation on the scale [0, 1].
    """
    counted = torch.poisson(light * photons, generator=generator) / photons
    electronics = torch.randn(light.shape, generator=generator, device=light.device)
    return counted - light + read_noise * electronics


def jpeg(encoded: Tensor, quality: Tensor) -> Tensor:
    """What JPEG at `quality` leaves of sRGB pictures, batched, on any device.

    `encoded` is (N, 3, h, w) in [0, 1], `quality` (N,) in 1..100. The transform, the chroma
    subsampling 4:2:0 and the quantisation of ITU-T T.81 (tables of annex K, scaled as libjpeg
    does) happen here; the entropy coding loses nothing and is left out.
    """
    height, width = encoded.shape[-2:]
    padded = F.pad(encoded * 255, (0, -width % 16, 0, -height % 16), mode="replicate")
    to_ycc, from_ycc, offset = (beside(each, encoded) for each in _YCC)
    ycc = torch.einsum("ij,njhw->nihw", to_ycc, padded) + offset
    luma_steps, chroma_steps = quantisation_tables(quality)
    luma = _requantise(ycc[:, :1] - 128, luma_steps) + 128
    small = F.avg_pool2d(ycc[:, 1:], 2) - 128
    chroma = _requantise(small, chroma_steps) + 128
    chroma = F.interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)
    ycc = torch.cat([luma, chroma], 1).clamp(0, 255)
    rgb = torch.einsum("ij,njhw->nihw", from_ycc, ycc - offset)
    return (rgb[..., :height, :width].round() / 255).clamp(0, 1)


def quantisation_tables(quality: Tensor) -> tuple[Tensor, Tensor]:
    """libjpeg's tables for luma and chroma, (N, 64) each, row by row.

    `quality` (N,) holds whole numbers in 1..100. As libjpeg does in integers, the scale, a
    percentage, is truncated, and what it makes of annex K is rounded.
    """
    percent = torch.where(quality < 50, 5000 // quality, 200 - 2 * quality).view(-1, 1)
    bases = (beside(torch.tensor(each, dtype=torch.float32), quality) for each in (_LUMA, _CHROMA))
    luma, chroma = (((base * percent + 50) // 100).clamp(1, 255) for base in bases)
    return luma, chroma


def _requantise(plane: Tensor, table: Tensor) -> Tensor:
    batch, channels, height, width = plane.shape
    blocks = plane.view(batch, channels, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    dct = _dct_matrix(plane)
    steps = table.view(batch, 1, 1, 1, 8, 8)
    coefficients = ((dct @ blocks @ dct.T) / steps).round() * steps
    pixels = dct.T @ coefficients @ dct
    return pixels.permute(0, 1, 2, 4, 3, 5).reshape(batch, channels, height, width)


def _dct_matrix(like: Tensor) -> Tensor:
    rows = torch.arange(8, dtype=torch.float64)
    matrix = torch.cos(math.pi / 8 * rows[:, None] * (rows[None] + 0.5)) / 2
    matrix[0] /= math.sqrt(2)
    return beside(matrix, like)


# fmt: off
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)
# fmt: on
