"""The network that tells what happened to a tile; see `deblur.diagnosis` for what runs it."""

import math
from collections.abc import Sequence
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = 5
"""Sharp, soft on purpose, motion, out of focus, both."""
FIGURES = 7
"""Length, cosine and sine of twice the angle, radius, noise, quality, text."""

_SIDE, _BELL = 7, 1.8
_FREQUENCIES, _DIRECTIONS = (0.16, 0.28, 0.42), 4
"""Cycles a pixel, and directions in half a turn."""
_BANDS = 2 * len(_FREQUENCIES) * _DIRECTIONS
_SCALES = (1, 2, 4)
_STAGES = ((_BANDS, 32, 2, 0), (32, 48, 2, 0), (48, 48, 1, 2), (48, 96, 2, 0), (96, 96, 1, 1))
"""Channels before and after, stride, and residual blocks that follow."""
_AROUND, _FLAT = 9, 3e-4
"""Contrast is measured over this number of places, and is at least this power."""
_MIN_NOISE = 0.25


class DiagnosisNetwork(nn.Module):
    """Luma (N, 1, h, w) in [0, 1] to KINDS logits and FIGURES raw figures, (N, 12).

    Filters that begin as waves under a bell look at the tile as it is, and at half and
    a quarter of its size: how their energy falls from band to band and scale to scale tells blur
    and noise. What they see at full size is brought to one contrast everywhere, so that how steep
    an edge is counts and not how high, and goes on through strided convolutions, of which means
    and energies are kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.Conv2d(1, _BANDS, _SIDE, 2, _SIDE // 2, bias=False)
        self.bands.weight = nn.Parameter(_gabor_kernels())
        self.even = nn.BatchNorm2d(_BANDS)
        self.stages = nn.ModuleList(_stage(*each) for each in _STAGES)
        kept = len(_SCALES) * _BANDS + 2 * sum(wider for _, wider, _, _ in _STAGES)
        self.head = nn.Sequential(
            nn.BatchNorm1d(kept),
            nn.Linear(kept, 128),
            nn.ReLU(),
            nn.Linear(128, 96),
            nn.ReLU(),
            nn.Linear(96, KINDS + FIGURES),
        )

    def forward(self, luma: Tensor) -> Tensor:
        """Compute logits and raw figures (N, 12) from luma (N, 1, h, w) in [0, 1]."""
        return self.judge(self.filter(luma))

    def filter(self, luma: Tensor) -> list[Tensor]:
        """What the bands show at each scale; at bf16 it would be lost in rounding."""
        return [self.bands(F.avg_pool2d(luma - 0.5, scale)) for scale in _SCALES]

    def judge(self, filtered: Sequence[Tensor]) -> Tensor:
        """The answers by what the bands show at each scale; it may run at bf16."""
        kept = [_energy(each).log() for each in filtered]
        power = (filtered[0] * filtered[0]).sum(1, keepdim=True)
        around = F.avg_pool2d(power, _AROUND, 1, _AROUND // 2)
        features = self.even(filtered[0] * (around + _FLAT).rsqrt())
        for stage in self.stages:
            features = stage(features)
            kept += [features.mean((2, 3)), _energy(features).log()]
        return self.head(torch.cat(kept, 1))


class DiagnosisReading(nn.Module):
    """A network's answers in units: probabilities (N, KINDS) and figures (N, FIGURES).

    Length and radius in pixels, noise of 255, quality in [0, 100], text as a probability.
    """

    def __init__(self, network: DiagnosisNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, luma: Tensor) -> tuple[Tensor, Tensor]:
        """Compute probabilities and figures in units from luma (N, 1, h, w) in [0, 1]."""
        logits, length, turn, radius, noise, quality, text = split_answer(self.network(luma))
        noise = (noise.exp2() - _MIN_NOISE).clamp_min(0)
        figures = (length.exp2(), turn, radius.exp2(), noise, 100 * quality, text.sigmoid())
        return logits.softmax(1), torch.cat(figures, 1)


def split_answer(raw: Tensor) -> tuple[Tensor, ...]:
    """Logits (N, KINDS), log2 of length, cosine and sine, log2 of radius, noise, quality, text.

    The last is a logit, too.
    """
    return raw.split([KINDS, 1, 2, 1, 1, 1, 1], 1)


def log_noise(noise: Tensor) -> Tensor:
    """A noise of 255 as the network gives it."""
    return (noise + _MIN_NOISE).log2()


class Residual(nn.Module):
    """Begins as the identity of features that a ReLU leaves."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Compute features (N, width, h, w) from such features, 0 or more."""
        return F.relu(features + self.norm(self.convolution(features)))


def _stage(width: int, wider: int, stride: int, residuals: int) -> nn.Module:
    convolution = nn.Conv2d(width, wider, 3, stride, 1, bias=False)
    blocks = [Residual(wider) for _ in range(residuals)]
    return nn.Sequential(convolution, nn.BatchNorm2d(wider), nn.ReLU(), *blocks)


def _energy(features: Tensor) -> Tensor:
    """Of each channel, (N, C, h, w) to (N, C)."""
    features = features.float()
    return (features * features).mean((2, 3)) + 1e-7


def _gabor_kernels() -> Tensor:
    """Waves of some lengths and directions, even and odd, under a bell: (_BANDS, 1, ...).

    Brightness, slopes and curves, of which pictures have most, are taken out of them.
    """
    places = torch.arange(_SIDE) - _SIDE // 2 + 0.0
    y, x = torch.meshgrid(places, places, indexing="ij")
    bell = torch.exp(-(x**2 + y**2) / (2 * _BELL**2)).flatten()
    smooth = torch.stack([x**0, x, y, x * x, x * y, y * y]).flatten(1)
    waves = []
    for frequency, turn in product(_FREQUENCIES, range(_DIRECTIONS)):
        angle = math.pi * turn / _DIRECTIONS
        phase = 2 * math.pi * frequency * (x * math.cos(angle) + y * math.sin(angle)).flatten()
        waves += [phase.cos(), phase.sin()]
    wanted = torch.stack(waves)
    smoothed = torch.linalg.solve((smooth * bell) @ smooth.T, (smooth * bell) @ wanted.T)
    bands = bell * (wanted - smoothed.T @ smooth)
    return (bands / bands.norm(dim=1, keepdim=True)).view(_BANDS, 1, _SIDE, _SIDE)
