"""Tiles of known blur, noise and compression: what a diagnosis learns from and is held to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from deblur.synthesis.blur import Blur, draw_blur
from deblur.synthesis.kinds import Kind
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.psf import gaussian
from deblur.synthesis.recipe import BlurRecipe
from deblur.synthesis.render import convolve, silhouettes

Pixels = NDArray[np.uint8]

SIDE = 160
"""Pixels; a stroke of 60 of them still leaves something to see."""
MAX_ATTEMPTS = 12
SHARPENED = 0.3
"""Share of the tiles that are sharpened, as cameras do."""
TEXTURE, CRISP = 3.0, 0.7
"""See `texture_of`; sharp photos have flat parts, and parts out of focus, which lie below."""

_STILL = BlurRecipe(
    sharp=0,
    length=(0, 0),
    varying=0,
    moving=0,
    defocused=0,
    soft=1,
    softness=(0, 0),
    still=1,
    lens=0.6,
    unresolved=(0.3, 0.6),
    highlight_boost=(1.0, 6.0),
    noisy=0.5,
    photons=(8e2, 1e5),
    read_noise=(2e-4, 8e-3),
    compressed=0.5,
    jpeg_quality=(40.0, 98.0),
)
_HAND = replace(_STILL, still=0, soft=0, exposure=(0.01, 0.15))
_FOCUS = replace(_STILL, soft=0, defocused=1, defocus=(1.5, 3.5))
RECIPES = (
    _STILL,
    replace(_STILL, lens=1, unresolved=(0.6, 1.0), compressed=0.8),
    replace(_STILL, shallow=1, backdrop=(2.0, 8.0)),
    replace(_HAND, length=(3.0, 10.0)),
    replace(_HAND, length=(8.0, 24.0)),
    replace(_HAND, length=(20.0, 60.0)),
    _FOCUS,
    replace(_FOCUS, defocus=(3.0, 9.0)),
    replace(_FOCUS, defocused=0, soft=1, softness=(1.2, 3.0)),
    replace(_HAND, length=(10.0, 20.0), defocused=1, defocus=(2.0, 4.0)),
    replace(_HAND, length=(16.0, 40.0), defocused=1, defocus=(2.5, 6.0)),
)
"""Each as often as the others. Where nothing moves, a softness of none keeps the hand still."""


@dataclass(frozen=True)
class TileLabels:
    """What is known of a tile.

    `length` of the camera's stroke in pixels at `angle` degrees, `radius` in pixels of a disc that
    spreads light as far as aperture, softness and lens together, `noise` as a standard deviation
    of 255 in each channel before compression, `quality` of the JPEG, 100 for none.
    """

    kind: Kind
    length: float
    angle: float
    radius: float
    noise: float
    quality: int


def draw_tiles(
    photos: Sequence[Pixels], recipe: BlurRecipe, random: Generator, count: int
) -> tuple[Tensor, list[TileLabels]]:
    """`count` tiles of sharp photos, RGB uint8 (h, w, 3), blurred by one recipe, and their labels.

    The tiles are float (count, 3, SIDE, SIDE) in [0, 1]. A photo is at least SIDE and two margins
    of the recipe high and wide.
    """
    side = SIDE + 2 * recipe.margin
    crops = [
        _crisp_crop(photos[int(random.integers(len(photos)))], side, random) for _ in range(count)
    ]
    sharp = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    blurs = [draw_blur(recipe, random, side) for _ in range(count)]
    blurred, _ = synthesize(sharp, blurs, recipe.margin)
    labels = [_labels(*each, recipe.margin) for each in zip(blurs, blurred, strict=True)]
    return _sharpened_by_the_camera(blurred, random), labels


def texture_of(luma: NDArray[np.float32]) -> tuple[float, float]:
    """How much there is to see in luma (h, w) of 255, and how crisp it is.

    The first is the root mean square of the slope from one block of 4 x 4 pixels to the next,
    which no noise makes. The second compares how steep the steepest edges are over one pixel with
    that slope: about 1.2 for photos that were made smaller, about 0.35 once a gaussian of one
    pixel has softened them.
    """
    inner = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    height, width = (length // 4 * 4 for length in luma.shape)
    coarse = luma[:height, :width].reshape(height // 4, 4, width // 4, 4).sum(3).sum(1) / 16
    slope = np.hypot(np.diff(coarse, axis=0)[:, :-1], np.diff(coarse, axis=1)[:-1])
    steepest = np.percentile(abs(4 * inner - around)[::2, ::2], 98)
    crispness = steepest / (np.percentile(slope, 98) + 2)
    return float(np.sqrt(np.square(slope).mean())), float(crispness)


def _crisp_crop(photo: Pixels, side: int, random: Generator) -> Pixels:
    """A crop with something to see in its green, in focus, or the best of some tries."""
    best, most = photo[:side, :side], -1.0
    for _ in range(MAX_ATTEMPTS):
        top, left = (int(random.integers(length - side + 1)) for length in photo.shape[:2])
        crop = photo[top : top + side, left : left + side]
        texture, crispness = texture_of(crop[..., 1].astype(np.float32))
        found = min(texture / TEXTURE, crispness / CRISP)
        if found > most:
            best, most = crop, found
        if most > 1:
            break
    return best


def _labels(blur: Blur, blurred: Tensor, margin: int) -> TileLabels:
    drawn = blur.labels
    radius = math.hypot(drawn.defocus, 2 * drawn.softness, 2 * drawn.unresolved)
    kind = _kind(drawn.length, math.hypot(drawn.defocus, 2 * drawn.softness))
    if blur.backdrop is not None:
        in_front = _share_in_front(blur, margin)
        kind = Kind.sharp if in_front > 0.85 else Kind.shallow if in_front > 0.1 else Kind.focus
        radius = math.hypot(radius, drawn.backdrop)
    noise = _noise(blur, blurred)
    return TileLabels(kind, drawn.length, drawn.angle, radius, noise, blur.jpeg_quality or 100)


def _kind(length: float, radius: float) -> Kind:
    """Of both, a stroke shorter than the disc is wide is lost in it; a small disc still shows."""
    if not radius:
        return Kind.motion if length else Kind.sharp
    if length < 2 * radius:
        return Kind.focus
    return Kind.both


def _share_in_front(blur: Blur, margin: int) -> float:
    side = SIDE + 2 * margin
    outlines = [segment.outline for segment in blur.standing]
    masks = silhouettes(outlines, torch.zeros(1, 1, side, side))
    inner = masks[..., margin : side - margin, margin : side - margin]
    return float(1 - (1 - inner).prod(0).mean())


def _noise(blur: Blur, blurred: Tensor) -> float:
    """The standard deviation of 255, from what a pixel's light counts and the curve's slope."""
    if not blur.photons:
        return 0.0
    light = blurred.clamp_min(0.04) ** blur.gamma
    deviation = (light / blur.photons + blur.read_noise**2).sqrt()
    encoded = deviation * light ** (1 / blur.gamma - 1) / blur.gamma
    return 255 * float(encoded.square().mean().sqrt())


def _sharpened_by_the_camera(tiles: Tensor, random: Generator) -> Tensor:
    """Some of them under an unsharp mask, rounded to 8 bits again."""
    amounts = random.uniform(0.2, 1.0, len(tiles)) * (random.random(len(tiles)) < SHARPENED)
    strength = torch.from_numpy(amounts).to(tiles).view(-1, 1, 1, 1)
    smooth = convolve(tiles, [gaussian(1.0)] * len(tiles))
    return ((tiles + strength * (tiles - smooth)).clamp(0, 1) * 255).round() / 255
