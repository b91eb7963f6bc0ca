"""Blurring on the training device: convolution, and integration over a camera's movement."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from deblur.synthesis.blur import Blur


def convolve(light: Tensor, kernels: Sequence[NDArray[np.float64]]) -> Tensor:
    """Convolve each picture with its own odd-sided kernel: (N, C, h, w) -> (N, C, h, w).

    Linear light in, linear light out; the border is reflected.
    """
    half = max(len(kernel) for kernel in kernels) // 2
    height, width = light.shape[-2:]
    half = min(half, height - 1, width - 1)
    stacked = torch.stack([_centred(kernel, half) for kernel in kernels]).to(light)
    padded = F.pad(light, (half, half, half, half), mode="reflect")
    sides = padded.shape[-2:]
    spectrum = torch.fft.rfft2(stacked, s=sides)
    blurred = torch.fft.irfft2(torch.fft.rfft2(padded) * spectrum[:, None], s=sides)
    return blurred[..., 2 * half :, 2 * half :].clamp_min(0)


def _centred(kernel: NDArray[np.float64], half: int) -> Tensor:
    excess = half - len(kernel) // 2
    padded = F.pad(torch.from_numpy(kernel), (excess, excess, excess, excess))
    return padded / padded.sum()


def compose(background: Tensor, things: Tensor, blurs: Sequence[Blur]) -> Tensor:
    """The scene at the middle of the exposure: things in front of the background.

    Both are (N, 3, h, w); of `things` the parts under the segments' masks are seen.
    """
    scene = background.clone()
    for index, blur in enumerate(blurs):
        for segment in blur.segments:
            mask = torch.from_numpy(segment.mask).to(scene)
            scene[index] = torch.lerp(scene[index], things[index], mask)
    return scene


def integrate(background: Tensor, things: Tensor, blurs: Sequence[Blur]) -> Tensor:
    """The mean over an exposure of a scene seen through moving homographies.

    Linear light (N, 3, h, w); every blur has homographies, of as many steps as it needs. What
    is in front hides what is behind, moment by moment. Pixels from outside are reflected.
    """
    paths = [_grid_homographies(blur.homographies, background) for blur in blurs]
    longest = max(len(path) for path in paths)
    total = torch.zeros_like(background)
    layers = [_layers(blur, things[index]) for index, blur in enumerate(blurs)]
    for moment in range(longest):
        active = [index for index, path in enumerate(paths) if moment < len(path)]
        seen = _warp(background[active], torch.stack([paths[index][moment] for index in active]))
        for place, index in enumerate(active):
            for layer, path in layers[index]:
                passing = _warp(layer[None], path[moment][None])[0]
                seen[place] = seen[place] * (1 - passing[3:]) + passing[:3]
        total[active] += seen
    steps = torch.tensor([len(path) for path in paths]).to(total)
    return total / steps.view(-1, 1, 1, 1)


def _layers(blur: Blur, thing: Tensor) -> list[tuple[Tensor, Tensor]]:
    """For each segment its light times its mask, with the mask below (4, h, w), and its path."""
    layers = []
    for segment in blur.segments:
        mask = torch.from_numpy(segment.mask).to(thing)[None]
        path = _grid_homographies(segment.homographies, thing)
        layers.append((torch.cat([thing * mask, mask]), path))
    return layers


def _grid_homographies(homographies: NDArray[np.float64] | None, like: Tensor) -> Tensor:
    """From pixels about the middle to the coordinates in [-1, 1] that grid_sample takes."""
    assert homographies is not None
    height, width = like.shape[-2:]
    to_grid = np.diag([2 / width, 2 / height, 1.0])
    return torch.from_numpy(to_grid @ homographies @ np.linalg.inv(to_grid)).to(like)


def _warp(pictures: Tensor, homographies: Tensor) -> Tensor:
    """Each picture seen through its homography.

    The grid is written in place: built from a matrix product it would cost more than the look.
    """
    height, width = pictures.shape[-2:]
    y = _pixel_centres(height, pictures).view(1, -1, 1)
    x = _pixel_centres(width, pictures).view(1, 1, -1)
    terms = homographies.reshape(-1, 9, 1, 1)
    nearness = (terms[:, 6] * x + (terms[:, 7] * y + terms[:, 8])).reciprocal_()
    grid = pictures.new_empty(len(pictures), height, width, 2)
    torch.mul(terms[:, 0] * x + (terms[:, 1] * y + terms[:, 2]), nearness, out=grid[..., 0])
    torch.mul(terms[:, 3] * x + (terms[:, 4] * y + terms[:, 5]), nearness, out=grid[..., 1])
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def _pixel_centres(count: int, like: Tensor) -> Tensor:
    return (torch.arange(count, device=like.device, dtype=like.dtype) + 0.5) * 2 / count - 1
