"""From sharp photos to pairs of blurred and sharp, as a camera would have taken them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur.synthesis.blur import Blur
from deblur.synthesis.camera import brighten_highlights, jpeg, noise_of
from deblur.synthesis.devices import beside, indices
from deblur.synthesis.render import (
    Layer,
    compose,
    convolve,
    cut_out,
    integrate,
    without_border,
)


def synthesize(sharp: Tensor, blurs: Sequence[Blur], margin: int = 0) -> tuple[Tensor, Tensor]:
    """Blur sharp photos: sRGB (N, 3, h, w) in [0, 1] -> blurred and sharp, as 8-bit values / 255.

    Things in front are cut from the mirrored photo, and the sharp picture shows them too. What
    comes from beyond the border is made of reflected light: `margin` pixels are left out on each
    side, those of the recipe to be without it.
    """
    gamma = _column([blur.gamma for blur in blurs], sharp)
    boost = beside(torch.tensor([blur.highlight_boost for blur in blurs]), sharp)
    in_focus = _spread(brighten_highlights(sharp**gamma, boost), [blur.lens for blur in blurs])
    behind = _spread(in_focus, [blur.backdrop for blur in blurs])
    mirrored = in_focus.flip(-1)
    background = compose(behind, cut_out(mirrored, [blur.standing for blur in blurs]))
    things = cut_out(mirrored, [blur.passing for blur in blurs])
    scene = compose(background, things)
    light = _expose(background, things, scene, blurs, margin).clamp(0, 1)
    scene = without_border(scene, margin).clamp(0, 1)
    grain = _grain(light, blurs)
    kept = _column([float(blur.grain_kept) for blur in blurs], sharp)
    blurred = _compress(_encode(light + grain, gamma), blurs)
    return blurred, _encode(scene + kept * grain, gamma)


def _expose(
    background: Tensor, things: Sequence[Layer], scene: Tensor, blurs: Sequence[Blur], margin: int
) -> Tensor:
    """The light that falls while the shutter is open: moved, or as it is, then under its kernel."""
    paths = [blur.homographies for blur in blurs]
    moved = [blur.kernel if blur.homographies is not None else None for blur in blurs]
    still = [blur.kernel if blur.homographies is None else None for blur in blurs]
    reach = min(margin, max((len(each) // 2 for each in moved if each is not None), default=0))
    light = integrate(background, things, _spread(scene, still), paths, margin - reach)
    return without_border(_spread(light, moved), reach)


def _spread(light: Tensor, kernels: Sequence[NDArray[np.float64] | None]) -> Tensor:
    """Each picture under its kernel, where it has one; the batch itself stays as it is."""
    known = {index: kernel for index, kernel in enumerate(kernels) if kernel is not None}
    if known:
        light = light.clone()
        places = indices(list(known), light)
        light[places] = convolve(light[places], list(known.values()))
    return light


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
        places = indices(compressed, encoded)
        encoded[places] = jpeg(encoded[places], beside(quality, encoded))
    return encoded


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return beside(torch.tensor(values), like).view(-1, 1, 1, 1)
