"""From sharp photos to pairs of blurred and sharp, as a camera would have taken them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from deblur.synthesis.blur import Blur
from deblur.synthesis.camera import brighten_highlights, jpeg, noise_of
from deblur.synthesis.render import compose, convolve, integrate


def synthesize(sharp: Tensor, blurs: Sequence[Blur]) -> tuple[Tensor, Tensor]:
    """Blur sharp photos: sRGB (N, 3, h, w) in [0, 1] -> blurred and sharp, as 8-bit values / 255.

    Where things pass by, they are cut from the mirrored photo, and the sharp picture shows
    them too. The border of the recipe's margin is made of reflected light: cut it off.
    """
    gamma = _column([blur.gamma for blur in blurs], sharp)
    boost = torch.tensor([blur.highlight_boost for blur in blurs]).to(sharp)
    background = brighten_highlights(sharp**gamma, boost)
    things = background.flip(-1)
    scene = compose(background, things, blurs)
    light = scene.clone()
    moved = [index for index, blur in enumerate(blurs) if blur.homographies is not None]
    if moved:
        chosen = [blurs[index] for index in moved]
        light[moved] = integrate(background[moved], things[moved], chosen)
    spread = {index: blur.kernel for index, blur in enumerate(blurs) if blur.kernel is not None}
    if spread:
        light[list(spread)] = convolve(light[list(spread)], list(spread.values()))
    light, scene = light.clamp(0, 1), scene.clamp(0, 1)
    grain = _grain(light, blurs)
    kept = _column([float(blur.grain_kept) for blur in blurs], sharp)
    blurred = _compress(_encode(light + grain, gamma), blurs)
    return blurred, _encode(scene + kept * grain, gamma)


def _grain(light: Tensor, blurs: Sequence[Blur]) -> Tensor:
    grain = torch.zeros_like(light)
    for index, blur in enumerate(blurs):
        if blur.photons:
            generator = torch.Generator(light.device).manual_seed(blur.seed)
            grain[index] = noise_of(light[index], blur.photons, blur.read_noise, generator)
    return grain


def _encode(light: Tensor, gamma: Tensor) -> Tensor:
    return (light.clamp(0, 1) ** (1 / gamma) * 255).round() / 255


def _compress(encoded: Tensor, blurs: Sequence[Blur]) -> Tensor:
    compressed = [index for index, blur in enumerate(blurs) if blur.jpeg_quality]
    if compressed:
        quality = torch.tensor([float(blurs[index].jpeg_quality) for index in compressed])
        encoded[compressed] = jpeg(encoded[compressed], quality.to(encoded))
    return encoded


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values).to(like).view(-1, 1, 1, 1)
