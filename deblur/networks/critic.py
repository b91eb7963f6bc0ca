"""The critic of the adversarial game: a PatchGAN, which judges patches and not pictures."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

Normalisation = Literal["batch", "spectral", "none"]

MIN_SIDE = 24
"""Of the pictures that a critic has a verdict on, in pixels."""
_WIDTHS = (64, 128, 256, 512)


class Critic(nn.Module):
    """sRGB (N, 3, h, w) in the generator's range -> verdicts (N, 1, h', w'), one per patch.

    The 70x70 PatchGAN of pix2pix (Isola et al. 2017, arXiv:1611.07004): 4x4 convolutions of
    64, 128 and 256 filters at stride 2, 512 at stride 1, then one channel; h' = h / 8 - 2.
    Leaky ReLU of slope 0.2 in between; `normalisation` is "batch" (neither on the first nor
    on the last layer, as published), "spectral" (on all of them, arXiv:1802.05957) or "none".
    With `sigmoid` a verdict is the probability, in fp32, that the patch is real, without it
    an unbounded score. h and w are at least 24.
    """

    def __init__(self, normalisation: Normalisation = "batch", sigmoid: bool = True) -> None:
        super().__init__()
        self.sigmoid = sigmoid
        layers: list[nn.Module] = []
        channels = 3
        for width in _WIDTHS:
            batch = normalisation == "batch" and channels > 3
            stride = 1 if width == _WIDTHS[-1] else 2
            layers.append(_convolution(channels, width, stride, normalisation, bias=not batch))
            if batch:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.LeakyReLU(0.2))
            channels = width
        layers.append(_convolution(channels, 1, 1, normalisation, bias=True))
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: Tensor) -> Tensor:
        """Judge sRGB (N, 3, h, w): one verdict for each patch, (N, 1, h', w')."""
        score = self.layers(picture)
        return torch.sigmoid(score.float()) if self.sigmoid else score


def _convolution(
    channels: int, width: int, stride: int, normalisation: Normalisation, *, bias: bool
) -> nn.Module:
    convolution = nn.Conv2d(channels, width, 4, stride=stride, padding=1, bias=bias)
    nn.init.normal_(convolution.weight, std=0.02)
    return spectral_norm(convolution) if normalisation == "spectral" else convolution
