"""From a batch of sharp photos to a batch of blurred ones, as a camera would have taken them."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from deblur.color import linear_to_srgb, srgb_to_linear
from deblur.synthesis.camera import add_noise, brighten_highlights, jpeg
from deblur.synthesis.psf import blur_uniform, blur_varying, render_kernels, shake_homographies
from deblur.synthesis.trajectory import random_paths


@dataclass(frozen=True)
class BlurRecipe:
    """What is drawn for each photo; pairs are (lowest, highest), shares lie in [0, 1].

    `length` is the extent of the blur in pixels. `varying` of the photos are blurred by
    homographies, the others by one kernel. `photons` and `read_noise` are drawn
    logarithmically; `photons` is the count at full scale, `read_noise` a standard deviation.
    """

    length: tuple[float, float] = (1.0, 38.0)
    kernel_size: int = 41
    varying: float = 0.5
    steps: int = 24
    highlight_boost: tuple[float, float] = (1.0, 4.0)
    noisy: float = 0.5
    photons: tuple[float, float] = (2e3, 1e5)
    read_noise: tuple[float, float] = (2e-4, 4e-3)
    compressed: float = 0.4
    jpeg_quality: tuple[float, float] = (60.0, 98.0)


def synthesize(sharp: Tensor, recipe: BlurRecipe, generator: Generator) -> Tensor:
    """Blur sharp photos: sRGB (N, 3, h, w) in [0, 1] -> the same, as 8-bit values / 255.

    Everything random comes from `generator`, on whose device the photos must be. The border
    of `recipe.kernel_size` pixels is made of reflected light: cut it off.
    """
    batch = len(sharp)
    light = brighten_highlights(
        srgb_to_linear(sharp), _uniform(batch, recipe.highlight_boost, generator)
    )
    varying = round(batch * recipe.varying)
    order = torch.randperm(batch, generator=generator, device=sharp.device)
    blurred = torch.empty_like(light)
    if varying:
        blurred[order[:varying]] = _shake(light[order[:varying]], recipe, generator)
    if varying < batch:
        blurred[order[varying:]] = _smear(light[order[varying:]], recipe, generator)
    return _expose(blurred, recipe, generator)


def _smear(light: Tensor, recipe: BlurRecipe, generator: Generator) -> Tensor:
    length = _uniform(len(light), recipe.length, generator)
    paths = random_paths(len(light), 4 * recipe.kernel_size, generator) * length.view(-1, 1, 1)
    return blur_uniform(light, render_kernels(paths, recipe.kernel_size))


def _shake(light: Tensor, recipe: BlurRecipe, generator: Generator) -> Tensor:
    batch, side = len(light), max(light.shape[-2:])
    paths = random_paths(batch, recipe.steps, generator, axes=5)
    length = _uniform(batch, recipe.length, generator).view(-1, 1, 1)
    share = _uniform(batch, (0.0, 1.0), generator).view(-1, 1, 1)
    centres = _normal((batch, 2), generator) * 2 * side
    radius = centres.norm(dim=1).view(-1, 1) + side / 2
    turns = paths[..., 2] * (share * length).squeeze(-1) / radius
    tilts = paths[..., 3:] * 0.3 * length / side**2
    homographies = shake_homographies(paths[..., :2] * (1 - share) * length, turns, tilts, centres)
    return blur_varying(light, homographies)


def _expose(light: Tensor, recipe: BlurRecipe, generator: Generator) -> Tensor:
    batch = len(light)
    noisy = _share(batch, recipe.noisy, generator)
    if noisy.any():
        count = int(noisy.sum())
        photons = _uniform(count, recipe.photons, generator, logarithmic=True)
        read_noise = _uniform(count, recipe.read_noise, generator, logarithmic=True)
        light[noisy] = add_noise(light[noisy].clamp_max(1), photons, read_noise, generator)
    encoded = (linear_to_srgb(light.clamp(0, 1)) * 255).round() / 255
    compressed = _share(batch, recipe.compressed, generator)
    if compressed.any():
        quality = _uniform(int(compressed.sum()), recipe.jpeg_quality, generator)
        encoded[compressed] = jpeg(encoded[compressed], quality.round())
    return encoded


def _share(batch: int, share: float, generator: Generator) -> Tensor:
    return torch.rand(batch, generator=generator, device=generator.device) < share


def _normal(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)


def _uniform(
    batch: int, bounds: tuple[float, float], generator: Generator, *, logarithmic: bool = False
) -> Tensor:
    drawn = torch.rand(batch, generator=generator, device=generator.device)
    low, high = bounds
    if logarithmic:
        return low * (high / low) ** drawn
    return low + (high - low) * drawn
