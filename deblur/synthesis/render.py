"""Blurring on the training device: convolution, and integration over a camera's movement."""

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
"""Number of pixels that a GPU processes together, in some 100 bytes each."""


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
    """What lies at one depth: pictures (M, 3, h, w); of things premultiplied, with their mask.

    `owners` are the M samples that they belong to, `paths` their homographies, None where they
    stand still in the scene.
    """

    pictures: Tensor
    owners: list[int]
    paths: Sequence[Homographies | None]


def cut_out(photos: Tensor, segments: Sequence[Sequence[Segment]]) -> list[Layer]:
    """Every first thing of all samples, every second, and so on, cut from photos (N, 3, h, w)."""
    layers = []
    for depth in range(max(map(len, segments), default=0)):
        owners = [index for index, each in enumerate(segments) if len(each) > depth]
        chosen = [segments[index][depth] for index in owners]
        mask = silhouettes([each.outline for each in chosen], photos)
        pictures = torch.cat([photos[indices(owners, photos)] * mask, mask], 1)
        layers.append(Layer(pictures, owners, [each.homographies for each in chosen]))
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
    margin: int = 0,
) -> Tensor:
    """The mean over an exposure of scenes that are seen through homographies, (T, 3, 3) each.

    `background` is linear light (N, 3, h, w), `scene` what stays as it is of samples without a
    path. Every path has as many steps as it needs, and things have as many as their sample. What
    is in front hides what is behind, moment by moment. Pixels from outside are reflected; those
    within `margin` of the border are looked at, but left out: (N, 3, h - 2 margin, w - 2 margin).
    """
    camera = {row: path for row, path in enumerate(paths) if path is not None}
    light = without_border(scene, margin).clone()
    if not camera:
        return light
    moving = sorted(camera, key=lambda row: -len(camera[row]))
    lengths = [len(camera[row]) for row in moving]
    everywhere = Layer(background, [*range(len(paths))], paths)
    behind = _Looks.at(everywhere, moving, lengths[0], margin)
    fronts = [
        _Looks.at(layer, moving, lengths[0], margin)
        for layer in things
        if not camera.keys().isdisjoint(layer.owners)
    ]
    total = torch.zeros_like(light[: len(moving)])
    start = 0
    while still_open := sum(length > start for length in lengths):
        most = start + _moments_at_once(total[:still_open])
        stop = min(most, lengths[still_open // 2])  # few are looked at longer than they must be
        seen = behind.see(still_open, start, stop)
        for front in fronts:
            if places := [place for place in front.places if place < still_open]:
                rows = indices(places, seen)
                seen[rows] = _over(front.see(len(places), start, stop), seen[rows])
        for moment, picture in enumerate(seen.unbind(2), start):
            lit = sum(length > moment for length in lengths)
            total[:lit] += picture[:lit]
        start = stop
    steps = beside(torch.tensor(lengths, dtype=total.dtype), total).view(-1, 1, 1, 1)
    light[indices(moving, light)] = total / steps
    return light


def without_border(pictures: Tensor, margin: int) -> Tensor:
    """(N, C, h, w) -> (N, C, h - 2 margin, w - 2 margin), the same memory."""
    height, width = pictures.shape[-2:]
    return pictures[..., margin : height - margin, margin : width - margin]


def _moments_at_once(like: Tensor) -> int:
    """On a CPU one of each sample, which stays in its cache; on a GPU as many as keep it busy."""
    return max(1, PIXELS_AT_ONCE // like[:, 0].numel()) if like.is_cuda else 1


@dataclass(frozen=True)
class _Looks:
    """Pictures (M, C, h, w), looked at through homographies (M, T, 3, 3), moment by moment.

    Their samples stand at `places` among all that move. There the longest path comes first, so
    that those whose shutter is still open are the first ones; shorter paths stay at their end.
    """

    pictures: Tensor
    homographies: Tensor
    places: list[int]
    margin: int

    @classmethod
    def at(cls, layer: Layer, moving: Sequence[int], longest: int, margin: int) -> "_Looks":
        """Those of a layer whose samples move, in their order, for as long as the longest."""
        rows = {owner: row for row, owner in enumerate(layer.owners)}
        places = [place for place, owner in enumerate(moving) if owner in rows]
        chosen = [rows[moving[place]] for place in places]
        paths = [path for row in chosen if (path := layer.paths[row]) is not None]
        assert len(paths) == len(chosen), "of a sample that moves, all that is looked at moves"
        filled = np.stack([_up_to(longest, path) for path in paths])
        on_grid = torch.from_numpy(_to_grid(filled, layer.pictures))
        pictures = layer.pictures[indices(chosen, layer.pictures)]
        return cls(pictures, beside(on_grid, pictures), places, margin)

    def see(self, count: int, start: int, stop: int) -> Tensor:
        """What is seen of the first pictures, at some moments: (count, C, stop - start, h, w)."""
        grid = _grid(self.pictures, self.homographies[:count, start:stop], self.margin)
        seen = F.grid_sample(
            self.pictures[:count],
            grid.flatten(1, 2),
            padding_mode="reflection",
            align_corners=False,
        )
        return seen.unflatten(2, grid.shape[1:3])


def _up_to(longest: int, path: Homographies) -> Homographies:
    return np.pad(path, ((0, longest - len(path)), (0, 0), (0, 0)), "edge")


def _over(front: Tensor, behind: Tensor) -> Tensor:
    return behind * (1 - front[:, 3:]) + front[:, :3]


def _to_grid(homographies: Homographies, like: Tensor) -> Homographies:
    """From pixels about the middle to the coordinates in [-1, 1] that grid_sample takes."""
    height, width = like.shape[-2:]
    to_grid = np.diag([2 / width, 2 / height, 1.0])
    return np.asarray(to_grid @ homographies @ np.linalg.inv(to_grid))


def _grid(pictures: Tensor, homographies: Tensor, margin: int) -> Tensor:
    """Where (M, k, 3, 3) homographies look, within a margin: (M, k, h, w, 2) for grid_sample.

    Written in place: built from a matrix product it would cost more than the look.
    """
    height, width = pictures.shape[-2:]
    y = _pixel_centres(height, margin, pictures).view(-1, 1)
    x = _pixel_centres(width, margin, pictures)
    terms = homographies.flatten(2)[..., None, None]
    nearness = (terms[:, :, 6] * x + (terms[:, :, 7] * y + terms[:, :, 8])).reciprocal_()
    grid = pictures.new_empty(*homographies.shape[:2], len(y), len(x), 2)
    for axis in range(2):
        a, b, c = (terms[:, :, 3 * axis + term] for term in range(3))
        torch.mul(a * x + (b * y + c), nearness, out=grid[..., axis])
    return grid


def _pixel_centres(count: int, margin: int, like: Tensor) -> Tensor:
    inner = torch.arange(margin, count - margin, device=like.device, dtype=like.dtype)
    return (inner + 0.5) * 2 / count - 1
