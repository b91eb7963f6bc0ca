"""The family that carries the product: a residual U-Net of dense 3x3 convolutions."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from deblur.errors import CheckpointError
from deblur.networks.blocks import Hidden, ResidualBlock, quieten_


class ResidualUNet(nn.Module):
    """sRGB (N, 3, h, w) in [0, 1] -> restored (N, 3, h, w); h and w multiples of `size_multiple`.

    The picture is folded `stem`-fold by pixel-unshuffle, so that every convolution runs at
    reduced resolution; skips are additive, and the network predicts the difference between
    sharp and blurred. Nothing normalises and nothing pools globally: a tile gives what the
    whole picture gives. The output may leave [0, 1] slightly; the caller clips it.
    Channels double from level to level up to `widest`, where given: the deepest level holds most
    of the weights and does the least of the work.
    """

    def __init__(
        self,
        width: int = 32,
        blocks: int = 2,
        levels: int = 3,
        stem: int = 2,
        widest: int | None = None,
    ) -> None:
        super().__init__()
        widths = [min(width << level, widest or width << level) for level in range(levels)]
        self.size_multiple = stem << (levels - 1)
        self.fold = nn.PixelUnshuffle(stem)
        self.unfold = nn.PixelShuffle(stem)
        self.stem = nn.Conv2d(3 * stem**2, width, 3, padding=1)
        self.encoders = nn.ModuleList(_stage(channels, blocks) for channels in widths)
        self.downs = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairwise(widths)
        )
        self.ups = nn.ModuleList(
            nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2))
            for fine, coarse in pairwise(widths)
        )
        self.decoders = nn.ModuleList(_stage(channels, blocks) for channels in widths[:-1])
        self.head = nn.Conv2d(width, 3 * stem**2, 3, padding=1)
        quieten_(self.head, 0.01)

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore sRGB (N, 3, h, w) in [0, 1]; h and w are multiples of `size_multiple`."""
        features = self.stem(self.fold(blurred))
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=False):
            skips.append(encoder(features))
            features = down(skips[-1])
        features = self.encoders[-1](features)
        for skip, up, decoder in zip(
            reversed(skips), reversed(self.ups), reversed(self.decoders), strict=True
        ):
            features = decoder(up(features) + skip)
        return blurred + self.unfold(self.head(features))

    def hidden(self) -> tuple[Hidden, ...]:
        """The layers before a ReLU; the features between blocks have none."""
        blocks = (each for each in self.modules() if isinstance(each, ResidualBlock))
        return tuple(Hidden(each.first, ((each.second, 0),)) for each in blocks)

    @torch.no_grad()
    def grow_from_(self, weights: Mapping[str, Tensor]) -> None:
        """Take over a narrower or shallower residual U-Net, and answer as it does, in place.

        Its channels come first and ignore the new ones; blocks that it did not have add
        nothing yet (after Chen et al. 2016, arXiv:1511.05641). Raises CheckpointError when it
        is wider or deeper than this network, or has another stem or number of levels.
        """
        own = dict(self.named_parameters())
        strangers = [name for name in weights if name not in own]
        for name, parameter in own.items():
            small = weights.get(name)
            if small is not None and _fits(small, parameter):
                _put_first_(parameter, small)
            elif small is None and ".second." in name:
                parameter.zero_()
            elif small is not None or not name.startswith(("encoders", "decoders")):
                strangers.append(name)
        if strangers:
            raise CheckpointError(
                f"a residual U-Net cannot grow into this one: {strangers[0]} does not fit "
                "(stem and levels must be the same, width and blocks at most as many)"
            )


def _fits(small: Tensor, large: Tensor) -> bool:
    return (
        small.ndim == large.ndim
        and all(a <= b for a, b in zip(small.shape, large.shape, strict=True))
        and small.shape[2:] == large.shape[2:]
    )


def _put_first_(parameter: Tensor, small: Tensor) -> None:
    rows = len(small)
    if parameter.ndim == 1:
        parameter[:rows] = small
    else:
        parameter[:rows, small.shape[1] :] = 0
        parameter[:rows, : small.shape[1]] = small


def _stage(channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
