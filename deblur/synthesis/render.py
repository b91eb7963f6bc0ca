"""Blurring on the training device: convolution, and integration over a camera's movement."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    steps = [len(_known(blur.homographies)) for blur in blurs]
    layers = [_Layer.background(background, blurs), *_segment_layers(things, blurs)]
    total = torch.zeros_like(background)
    for moment in range(max(steps)):
        active = [index for index, count in enumerate(steps) if moment < count]
        seen = layers[0].at(moment, active)
        for layer in layers[1:]:
            passing = [index for index in layer.owners if index in active]
            if passing:
                places = [active.index(index) for index in passing]
                front = layer.at(moment, passing)
                seen[places] = seen[places] * (1 - front[:, 3:]) + front[:, :3]
        total[active] += seen
    return total / torch.tensor(steps).to(total).view(-1, 1, 1, 1)


@dataclass(frozen=True)
class _Layer:
    """Pictures of several samples at one depth, and their paths, padded to the longest.

    `pictures` is (M, C, h, w), `paths` (M, T, 3, 3) in the coordinates of grid_sample, and
    `owners` the M samples that they belong to.
    """

    pictures: Tensor
    paths: Tensor
    owners: list[int]

    @classmethod
    def background(cls, light: Tensor, blurs: Sequence[Blur]) -> "_Layer":
        paths = [_known(blur.homographies) for blur in blurs]
        return cls(light, _grid_paths(paths, light), list(range(len(blurs))))

    def at(self, moment: int, owners: Sequence[int]) -> Tensor:
        """What is seen of those samples' pictures at a moment."""
        rows = [self.owners.index(owner) for owner in owners]
        if len(rows) == len(self.owners):
            return _warp(self.pictures, self.paths[:, moment])
        return _warp(self.pictures[rows], self.paths[rows, moment])


def _segment_layers(things: Tensor, blurs: Sequence[Blur]) -> list[_Layer]:
    """Every first segment of all samples, every second, and so on, each with its mask below."""
    layers = []
    for depth in range(max(len(blur.segments) for blur in blurs)):
        owners = [index for index, blur in enumerate(blurs) if len(blur.segments) > depth]
        segments = [blurs[index].segments[depth] for index in owners]
        masks = np.stack([segment.mask for segment in segments])[:, None]
        mask = torch.from_numpy(masks).to(things)
        cut = torch.cat([things[owners] * mask, mask], 1)
        paths = _grid_paths([segment.homographies for segment in segments], things)
        layers.append(_Layer(cut, paths, owners))
    return layers


def _known(homographies: NDArray[np.float64] | None) -> NDArray[np.float64]:
    assert homographies is not None, "only what moves is integrated"
    return homographies


def _grid_paths(paths: Sequence[NDArray[np.float64]], like: Tensor) -> Tensor:
    """From pixels about the middle to the coordinates in [-1, 1] that grid_sample takes."""
    height, width = like.shape[-2:]
    to_grid = np.diag([2 / width, 2 / height, 1.0])
    padded = np.zeros((len(paths), max(map(len, paths)), 3, 3))
    for row, path in zip(padded, paths, strict=True):
        row[: len(path)] = to_grid @ path @ np.linalg.inv(to_grid)
    return torch.from_numpy(padded).to(like)


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
