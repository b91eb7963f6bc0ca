"""The perceptual loss: pictures compared as a network that has seen ImageNet sees them."""

import re
from itertools import pairwise
from typing import Any, Self

import timm
import torch
from torch import Tensor, nn

from deblur.errors import ConfigError
from deblur.training.config import Perceptual
from deblur.training.learning.backbones import load_backbone

_VGG_LAYER = re.compile(r"block([1-9])_conv([1-9])")
_STAGE = re.compile(r"stage(\d+)")


class PerceptualLoss(nn.Module):
    """sRGB (N, 3, h, w) in [0, 1] twice -> the mean squared difference of their features.

    By Johnson et al. 2016, arXiv:1603.08155. The features are those of `settings.network`
    at `settings.layer`, frozen: `blockB_convC` of a VGG is the C-th convolution of its B-th
    block, after the ReLU, as Keras counts (`block3_conv3` by default); `stageK` of any other
    timm network is its K-th feature map, from 0. The features come in the caller's precision,
    under autocast or not, and are compared in fp32; no gradient reaches `sharp`.

    Raises ConfigError when timm does not have the network or the network not the layer, and
    when the weights are not available or do not fit (see `load_backbone`).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, settings: Perceptual) -> None:
        super().__init__()
        backbone = _network(settings.network)
        pretrained = backbone.pretrained_cfg
        self.features = _features(backbone, settings)
        load_backbone(backbone, settings.network, settings.weights)
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(pretrained[name]).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode whatever is asked: its statistics are frozen too."""
        return super().train(False)

    def forward(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Compute the loss, a scalar, of two batches of sRGB (N, 3, h, w) in [0, 1]."""
        with torch.no_grad():
            wanted = self._describe(sharp)
        return (self._describe(restored).float() - wanted.float()).square().mean()

    def _describe(self, picture: Tensor) -> Tensor:
        return self.features((picture - self.mean) / self.std)


class _Stage(nn.Module):
    """The feature map of one stage of a timm network; what comes after it is cut off."""

    def __init__(self, backbone: Any, index: int) -> None:
        super().__init__()
        backbone.prune_intermediate_layers([index], prune_norm=True, prune_head=True)
        self.backbone = backbone
        self.index = index

    def forward(self, picture: Tensor) -> Tensor:
        maps: list[Tensor] = self.backbone.forward_intermediates(
            picture, indices=[self.index], intermediates_only=True
        )
        return maps[0]


def _network(name: str) -> Any:
    try:
        return timm.create_model(name)
    except RuntimeError as error:
        raise ConfigError(f"perceptual: timm has no network {name!r} ({error})") from error


def _features(backbone: Any, settings: Perceptual) -> nn.Module:
    """The part of `backbone` up to the layer; the rest of it is cut off in place."""
    vgg = settings.network.split(".")[0] in ("vgg11", "vgg13", "vgg16", "vgg19")
    if vgg and (match := _VGG_LAYER.fullmatch(settings.layer)):
        block, convolution = (int(part) for part in match.groups())
        end = _end_of(backbone.features, block, convolution, settings)
        backbone.prune_intermediate_layers([block - 1], prune_head=True)
        backbone.features = backbone.features[:end]
        return backbone.features
    match = _STAGE.fullmatch(settings.layer)
    if not match or not hasattr(backbone, "prune_intermediate_layers"):
        raise _no_layer(settings, "layers are called as block3_conv3 in a VGG, else as stage2")
    try:
        return _Stage(backbone, int(match[1]))
    except (AssertionError, ValueError, IndexError) as error:
        raise _no_layer(settings, f"its stages end earlier: {error}") from error


def _end_of(layers: nn.Sequential, block: int, convolution: int, settings: Perceptual) -> int:
    """How many layers of a VGG lead to a convolution and through its ReLU."""
    pools = [-1, *(i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d))]
    sizes = [(after - before - 1) // 2 for before, after in pairwise(pools)]
    if block > len(sizes) or convolution > sizes[block - 1]:
        raise _no_layer(settings, f"its blocks have {sizes} convolutions")
    return pools[block - 1] + 1 + 2 * convolution


def _no_layer(settings: Perceptual, reason: str) -> ConfigError:
    return ConfigError(f"perceptual: {settings.network} has no {settings.layer!r}: {reason}")
