"""Recipes, photos and seeds that the tests of synthesis share."""

import numpy as np
import torch
from torch import Generator, Tensor

from deblur.synthesis.blur import Blur, draw_blur
from deblur.synthesis.recipe import BlurRecipe
from tests.pictures import scene

STILL = np.tile(np.eye(3), (5, 1, 1))
CLEAN = BlurRecipe(sharp=0, noisy=0, compressed=0, highlight_boost=(1, 1), defocused=0, soft=0)


def seeded(seed: int) -> Generator:
    return torch.Generator().manual_seed(seed)


def photos(count: int = 2, side: int = 96) -> Tensor:
    pictures = np.stack([scene(side, side, seed=seed) for seed in range(count)])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255


def rms(difference: Tensor) -> float:
    return float(difference.square().mean().sqrt())


def drawn(recipe: BlurRecipe, count: int, side: int = 96) -> list[Blur]:
    return [draw_blur(recipe, np.random.default_rng((1, index)), side) for index in range(count)]


def shifts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    homographies = np.tile(np.eye(3), (len(x), 1, 1))
    homographies[:, 0, 2], homographies[:, 1, 2] = x, y
    return homographies
