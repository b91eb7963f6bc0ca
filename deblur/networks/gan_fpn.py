"""A second generator for the GAN: a feature pyramid over an encoder that has seen ImageNet."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deblur.errors import UnknownModelError
from deblur.networks.blocks import quieten_

_WHOLE_PICTURE = (
    "SqueezeExcite",
    "SEModule",
    "GatherExcite",
    "GlobalContext",
    "GlobalResponse",
    "Attn",
    "Attention",
    "AdaptiveAvgPool",
    "GroupNorm",
    "InstanceNorm",
)
"""What the classes are called whose answer at one pixel depends on the whole picture."""


class EvenConv2d(nn.Conv2d):
    """(N, C, h, w) -> (N, C', h / stride, w / stride), padded as TensorFlow's SAME.

    timm works the padding out from h and w at run time; for multiples of the stride, and a
    pyramid sees no others, it is known before. An exporter of dynamic sizes needs minutes less.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (N, C, h, w) -> (N, C', h / stride, w / stride)."""
        sides = zip(reversed(self.kernel_size), reversed(self.stride), strict=True)
        pad = [edge for kernel, stride in sides for edge in _around(max(kernel - stride, 0))]
        padded = F.pad(features, pad)
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


class FeaturePyramidGenerator(nn.Module):
    """sRGB (N, 3, h, w) scaled to [-1, 1] -> restored, clipped to [-1, 1]; h, w by 32.

    After DeblurGAN-v2 (Kupyn et al. 2019, arXiv:1908.03826): five levels of a timm `encoder`,
    from 1/2 to 1/32, are brought to `width` channels and added up from coarse to fine; the
    four coarser ones meet at 1/4. The network predicts the difference between sharp and
    blurred, through a tanh. The encoder starts with random weights; `load_encoder` of
    `deblur.training.learning.backbones` gives it those of ImageNet.

    Squeeze-and-excitation and its like see the whole picture, so that a tile would not give
    what the whole gives: such an encoder is refused unless `whole_image` promises that
    nobody cuts tiles. Raises UnknownModelError for that, and for an encoder that timm does
    not have or that has no five levels.
    """

    size_multiple = 32
    encoder: Any
    shift: Tensor
    scale: Tensor

    def __init__(
        self,
        encoder: str = "tf_efficientnet_lite0",
        width: int = 64,
        whole_image: bool = False,
    ) -> None:
        super().__init__()
        self.encoder_name = encoder
        self.encoder = _encoder(encoder, whole_image)
        channels = [level["num_chs"] for level in self.encoder.feature_info]
        self.laterals = nn.ModuleList(nn.Conv2d(each, width, 1) for each in channels)
        self.heads = nn.ModuleList(_head(width, width // 2) for _ in channels[1:])
        self.smooth = nn.Conv2d(len(self.heads) * (width // 2), width, 3, padding=1)
        self.refine = nn.Conv2d(width, width // 2, 3, padding=1)
        self.last = nn.Conv2d(width // 2, 3, 3, padding=1)
        quieten_(self.last, 0.01)
        mean, std = (
            torch.tensor(self.encoder.pretrained_cfg[key]).view(1, 3, 1, 1)
            for key in ("mean", "std")
        )
        self.register_buffer("scale", 0.5 / std, persistent=False)
        self.register_buffer("shift", (0.5 - mean) / std, persistent=False)

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore sRGB (N, 3, h, w) in [-1, 1]; h and w are multiples of 32."""
        levels = self._pyramid(blurred * self.scale + self.shift)
        merged = torch.cat(
            [
                _upsample(head(level), 1 << index)
                for index, (head, level) in enumerate(zip(self.heads, levels[1:], strict=True))
            ],
            1,
        )
        quarter = torch.relu(self.smooth(merged))
        half = torch.relu(self.refine(_upsample(quarter, 2) + levels[0]))
        difference = torch.tanh(self.last(_upsample(half, 2)))
        return (blurred + difference).clamp(-1.0, 1.0)

    def _pyramid(self, picture: Tensor) -> list[Tensor]:
        features = self.encoder.forward_intermediates(picture, intermediates_only=True)
        laterals = [lateral(each) for lateral, each in zip(self.laterals, features, strict=True)]
        levels = [laterals[-1]]
        for coarse in reversed(laterals[1:-1]):
            levels.append(coarse + _upsample(levels[-1], 2))
        return [laterals[0], *reversed(levels)]


def _encoder(name: str, whole_image: bool) -> Any:
    # Imported here because it takes seconds that the other networks do not need.
    import timm

    try:
        encoder: Any = timm.create_model(name)
        encoder.prune_intermediate_layers(5, prune_head=True)
    except (RuntimeError, AttributeError, AssertionError) as error:
        raise UnknownModelError(
            f"timm has no encoder {name!r} whose stages can be read ({error}); "
            "try tf_efficientnet_lite0 or mobilenetv2_100"
        ) from error
    reductions = [level["reduction"] for level in encoder.feature_info]
    if reductions != [2, 4, 8, 16, 32]:
        raise UnknownModelError(
            f"encoder {name!r} has stages at 1/{reductions}, not at 1/[2, 4, 8, 16, 32]; "
            "try tf_efficientnet_lite0 or mobilenetv2_100"
        )
    if not whole_image:
        _refuse_whole_picture(name, encoder)
    _fix_padding(encoder)
    return encoder


def _fix_padding(encoder: nn.Module) -> None:
    for path, module in list(encoder.named_modules()):
        if type(module).__name__ == "Conv2dSame" and isinstance(module, nn.Conv2d):
            fixed = EvenConv2d(
                module.in_channels,
                module.out_channels,
                module.kernel_size,  # type: ignore[arg-type]
                module.stride,  # type: ignore[arg-type]
                groups=module.groups,
                bias=module.bias is not None,
            )
            fixed.load_state_dict(module.state_dict())
            encoder.set_submodule(path, fixed)


def _around(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2


def _refuse_whole_picture(name: str, encoder: nn.Module) -> None:
    for path, module in encoder.named_modules():
        kind = type(module).__name__
        if any(word in kind for word in _WHOLE_PICTURE):
            raise UnknownModelError(
                f"encoder {name!r} looks at the whole picture in {path} ({kind}), so tiles "
                "would not fit together: take tf_efficientnet_lite0 or mobilenetv2_100, or "
                "set whole_image if photos are never cut into tiles"
            )


def _head(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
    )


def _upsample(features: Tensor, factor: int) -> Tensor:
    return F.interpolate(features, scale_factor=factor, mode="nearest")
