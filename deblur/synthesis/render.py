"""Blurring on the training device: convolution, and integration over a camera's movement."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from deblur.synthesis.blur import Outline, Segment
from deblur.synthesis.devices import beside, indices

Homographies = NDArray[np.float64]

FFT_SIDES = 32
"""Transforms on a GPU have sides that are multiples of this."""
PIXELS_AT_ONCE = 1 << 23
"""So many are looked at together on a GPU, in some 100 bytes each."""


def convolve(light: Tensor, kernels: Sequence[NDArray[np.float64]]) -> Tensor:
    """Convolve each picture with its own odd-sided kernel: (N, C, h, w) -> (N, C, h, w).

    Linear light in, linear light out; the border is reflected.
    """
    half = max(len(kernel) for kernel in kernels) // 2
    height, width = light.shape[-2:]
    half = min(half, height - 1, width - 1)
    stacked = beside(torch.stack([_centred(kernel, half) for kernel in kernels]), light)
    padded = F.pad(light, (half, half, half, half), mode="reflect")
    sides = [_planned(side) if light.is_cuda else side for side in padded.shape[-2:]]
    spectrum = torch.fft.rfft2(stacked, s=sides)
    blurred = torch.fft.irfft2(torch.fft.rfft2(padded, s=sides) * spectrum[:, None], s=sides)
    start = 2 * half
    return blurred[..., start : start + height, start : start + width].clamp_min(0)


def _planned(side: int) -> int:
    """A GPU plans its transforms anew for every size that it has not seen yet."""
    return -(-side // FFT_SIDES) * FFT_SIDES


def _centred(kernel: NDArray[np.float64], half: int) -> Tensor:
    excess = half - len(kernel) // 2
    padded = F.pad(torch.from_numpy(kernel), (excess, excess, excess, excess))
    return padded / padded.sum()


@dataclass(frozen=True)
class Layer:
    """Things at one depth: pictures with their mask (M, 4, h, w), premultiplied.

    `owners` are the M samples that they belong to, `paths` their homographies.
    """

    pictures: Tensor
    owners: list[int]
    paths: list[Homographies]


def cut_out(photos: Tensor, segments: Sequence[Sequence[Segment]]) -> list[Layer]:
    """Every first thing of all samples, every second, and so on, cut from photos (N, 3, h, w)."""
    layers = []
    for depth in range(max(map(len, segments), default=0)):
        owners = [index for index, each in enumerate(segments) if len(each) > depth]
        chosen = [segments[index][depth] for index in owners]
        mask = silhouettes([segment.outline for segment in chosen], photos)
        pictures = torch.cat([photos[indices(owners, photos)] * mask, mask], 1)
        layers.append(Layer(pictures, owners, [segment.homographies for segment in chosen]))
    return layers


def silhouettes(outlines: Sequence[Outline], like: Tensor) -> Tensor:
    """How much of each pixel a shape covers: (M, 1, h, w) in [0, 1]."""
    height, width = like.shape[-2:]
    numbers = [(*each.middle, each.radius, each.edge) for each in outlines]
    waves = np.stack([np.stack([each.bulges, each.phases]) for each in outlines])
    x, y, radius, edge = beside(torch.tensor(numbers, dtype=torch.float64), like).T.reshape(
        4, -1, 1, 1, 1
    )
    bulges, phases = beside(torch.from_numpy(waves), like).transpose(0, 1)[..., None, None, None]
    down = torch.arange(height, device=like.device).view(1, 1, -1, 1) + 0.5 - y
    right = torch.arange(width, device=like.device).view(1, 1, 1, -1) + 0.5 - x
    angle = torch.atan2(down, right)
    stretch = torch.ones_like(angle)
    for wave in range(bulges.shape[1]):
        stretch += bulges[:, wave] * torch.cos((wave + 2) * angle + phases[:, wave])
    reach = radius * stretch.clamp_min(0.2)
    return ((reach - torch.hypot(down, right)) / edge + 0.5).clamp(0, 1)


def compose(background: Tensor, things: Sequence[Layer]) -> Tensor:
    """The scene at the middle of the exposure: things in front of the background (N, 3, h, w)."""
    scene = background.clone()
    for layer in things:
        owners = indices(layer.owners, scene)
        scene[owners] = _over(layer.pictures, scene[owners])
    return scene


def integrate(
    background: Tensor,
    things: Sequence[Layer],
    scene: Tensor,
    paths: Sequence[Homographies | None],
) -> Tensor:
    """The mean over an exposure of scenes that are seen through homographies, (T, 3, 3) each.

    `background` is linear light (N, 3, h, w), `scene` what stays as it is of samples without a
    path. Every path has as many steps as it needs, and things have as many as their sample. What
    is in front hides what is behind, moment by moment. Pixels from outside are reflected. A GPU
    adds moments up in no fixed order, so its last bits may differ from time to time.
    """
    counts = [0 if path is None else len(path) for path in paths]
    ends = [0, *itertools.accumulate(counts)]
    known = {index: path for index, path in enumerate(paths) if path is not None}
    if not known:
        return scene
    behind = _Looks.at(background, list(known), list(known.values()), ends)
    fronts = [
        _of_moving(layer, counts, ends)
        for layer in things
        if any(counts[owner] for owner in layer.owners)
    ]
    total = torch.zeros_like(background)
    at_once = len(background)
    if background.is_cuda:
        at_once = max(1, PIXELS_AT_ONCE // background[0, 0].numel())
    for start in range(0, ends[-1], at_once):
        moments = behind.within(start, start + at_once)
        seen = behind.see(moments)
        for front in fronts:
            passing = front.within(start, start + at_once)
            if passing.start < passing.stop:
                places = beside(torch.from_numpy(front.moments[passing] - start), seen)
                seen[places] = _over(front.see(passing), seen[places])
        total.index_add_(0, behind.which[moments], seen)
    shares = beside(torch.tensor(counts, dtype=total.dtype), total).view(-1, 1, 1, 1)
    return torch.where(shares > 0, total / shares.clamp_min(1), scene)


@dataclass(frozen=True)
class _Looks:
    """Pictures (M, C, h, w), looked at L times: `which` of them (L,), through which homography
    (L, 3, 3), and at which of all samples' moments (L,), in their order.
    """

    pictures: Tensor
    which: Tensor
    homographies: Tensor
    moments: NDArray[np.int64]

    @classmethod
    def at(
        cls,
        pictures: Tensor,
        rows: Sequence[int],
        paths: Sequence[Homographies],
        firsts: Sequence[int],
    ) -> "_Looks":
        """Some rows, each along its path; `firsts` has the first moment of every row."""
        which = np.repeat(rows, [len(path) for path in paths])
        moments = np.concatenate(
            [firsts[row] + np.arange(len(path)) for row, path in zip(rows, paths, strict=True)]
        )
        on_grid = _to_grid(np.concatenate(paths), pictures)
        return cls(
            pictures,
            beside(torch.from_numpy(which), pictures),
            beside(torch.from_numpy(on_grid), pictures),
            moments,
        )

    def within(self, start: int, stop: int) -> slice:
        """The looks at moments from `start` to before `stop`."""
        return slice(*np.searchsorted(self.moments, (start, stop)).tolist())

    def see(self, looks: slice) -> Tensor:
        """What is seen at some of the looks: (K, C, h, w)."""
        return _warp(self.pictures[self.which[looks]], self.homographies[looks])


def _of_moving(layer: Layer, counts: Sequence[int], ends: Sequence[int]) -> _Looks:
    """The looks at those things of a layer whose samples move, of which there is one at least."""
    rows = [row for row, owner in enumerate(layer.owners) if counts[owner]]
    paths = [layer.paths[row] for row in rows]
    assert [counts[layer.owners[row]] for row in rows] == [len(path) for path in paths]
    return _Looks.at(layer.pictures, rows, paths, [ends[owner] for owner in layer.owners])


def _over(front: Tensor, behind: Tensor) -> Tensor:
    return behind * (1 - front[:, 3:]) + front[:, :3]


def _to_grid(homographies: Homographies, like: Tensor) -> Homographies:
    """From pixels about the middle to the coordinates in [-1, 1] that grid_sample takes."""
    height, width = like.shape[-2:]
    to_grid = np.diag([2 / width, 2 / height, 1.0])
    return np.asarray(to_grid @ homographies @ np.linalg.inv(to_grid))


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
