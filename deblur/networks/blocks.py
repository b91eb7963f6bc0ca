"""Building blocks and initialisations that several networks share."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Hidden(NamedTuple):
    """A layer before a ReLU, and who reads its features: layers, and where in their input.

    The first `carriers` of the features are there to carry the picture.
    """

    layer: nn.Module
    readers: tuple[tuple[nn.Module, int], ...]
    carriers: int = 0


class ResidualBlock(nn.Module):
    """Two dense 3x3 convolutions around a skip: (N, C, h, w) -> (N, C, h, w), no normalisation.

    It starts close to the identity, so that a deep network starts there too.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        quieten_(self.second, 0.1)

    def forward(self, features: Tensor) -> Tensor:
        """Add what two convolutions make of (N, C, h, w) to it."""
        return features + self.second(torch.relu(self.first(features)))


@torch.no_grad()
def quieten_(convolution: nn.Conv2d, factor: float) -> None:
    """Scale a layer's random weights and bias, in place, so that it hardly matters at first."""
    for parameter in convolution.parameters():
        parameter.mul_(factor)


@torch.no_grad()
def route_(
    convolution: nn.Conv2d, routes: Mapping[int, int], *, bias: float = 0.0, quiet: float = 0.01
) -> None:
    """Let output channel `out` copy input channel `routes[out]`, plus `bias`, in place.

    The routed channels' random weights stay, scaled by `quiet`, so that they still learn.
    """
    row, column = (side // 2 for side in convolution.kernel_size)
    for out, source in routes.items():
        convolution.weight[out].mul_(quiet)
        convolution.weight[out, source, row, column] = 1.0
        if convolution.bias is not None:
            convolution.bias[out] = bias


def hold_(parameter: Tensor | None, *held: slice) -> None:
    """Let no gradient reach a part of a parameter, in place, so that training leaves it alone."""
    assert parameter is not None
    parameter.register_hook(partial(_without, held=held))


def _without(gradient: Tensor, held: tuple[slice, ...]) -> Tensor:
    learned = gradient.clone()
    learned[held] = 0
    return learned
