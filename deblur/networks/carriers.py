"""How networks learn while what carries the picture through them stays as it is."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class PictureCopy(nn.Conv2d):
    """A layer whose first three channels copy the picture: at fp32 under any autocast.

    (N, C, h, w) -> (N, D, h, w). What bf16 rounds is then only what it adds to the picture.
    """

    route: Tensor

    def __init__(self, plain: nn.Conv2d) -> None:
        """Take over a plain layer's own parameters, those of the copy close to the identity."""
        height, width = plain.weight.shape[2:]
        padding = height // 2, width // 2
        super().__init__(plain.in_channels, plain.out_channels, (height, width), padding=padding)
        self.weight, self.bias = plain.weight, plain.bias
        route = torch.zeros_like(plain.weight)
        route[range(3), range(3), padding[0], padding[1]] = 1.0
        self.register_buffer("route", route, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (N, C, h, w) -> (N, D, h, w); the picture is added at fp32."""
        learned = self._conv_forward(features, self.weight - self.route, self.bias)
        picture = features[:, :3].float() + learned[:, :3].float()
        return torch.cat([picture, learned[:, 3:]], 1)


class KnottedMerge(nn.Module):
    """The U-Net's last merging layer while it learns: features (N, C, h, w) -> (N, D, h, w).

    A colour has one set of weights for all its knots: relu(x - knot) becomes
    relu(x + difference - knot), so the network adds a difference to the picture as a residual
    network does. In the plain layer these weights stand once for each knot, `scale` times as
    large, and a step in them would move the difference by so much less. The picture is carried
    at fp32 under any autocast. The state dict is the plain layer's, before and after.
    """

    rises: Tensor
    route: Tensor

    def __init__(self, plain: nn.Conv2d, carried: int, knots: Tensor, scale: float) -> None:
        """Tie the plain layer's knots: `knots` rise, (K,); input channel `carried` holds red."""
        super().__init__()
        assert plain.bias is not None
        self.carried, self.scale = slice(carried, carried + 3), scale
        rises = (knots - knots[0]).to(plain.bias.dtype)
        route = torch.zeros_like(plain.weight[:3])
        route[range(3), range(carried, carried + 3), 1, 1] = 1.0
        self.register_buffer("rises", rises[:, None], persistent=False)
        self.register_buffer("route", route, persistent=False)
        copies = self.copies
        weight, bias = plain.weight.detach() / scale, plain.bias.detach() / scale
        tied = bias[:copies].unflatten(0, (-1, 3)) + self.rises
        self.colours = nn.Parameter(weight[:copies].unflatten(0, (-1, 3)).mean(0))
        self.offsets = nn.Parameter(tied.mean(0))
        self.free = nn.Parameter(plain.weight.detach()[copies:].clone())
        self.free_bias = nn.Parameter(plain.bias.detach()[copies:].clone())

    @property
    def copies(self) -> int:
        """Number of the plain layer's output channels that carry the picture."""
        return 3 * len(self.rises)

    def forward(self, features: Tensor) -> Tensor:
        """Merge (N, C, h, w) -> (N, D, h, w) at fp32, with one row of weights for each colour."""
        weight = torch.cat([self.colours - self.route, self.free])
        bias = torch.cat([torch.zeros_like(self.offsets), self.free_bias])
        learned = nn.functional.conv2d(features, weight, bias, padding=1)
        picture = features[:, self.carried].float() + learned[:, :3].float()
        shifts = (self.offsets - self.rises)[..., None, None]
        knotted = self.scale * (picture[:, None] + shifts)
        return torch.cat([knotted.flatten(1, 2), learned[:, 3:].float()], 1)

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        colours = self.colours.repeat(len(self.rises), 1, 1, 1) * self.scale
        offsets = (self.offsets - self.rises).flatten() * self.scale
        plain = {
            "weight": torch.cat([colours, self.free]),
            "bias": torch.cat([offsets, self.free_bias]),
        }
        for name, value in plain.items():
            destination[prefix + name] = value if keep_vars else value.detach()

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, *others: Any
    ) -> None:
        weight, bias = state_dict[prefix + "weight"], state_dict[prefix + "bias"]
        with torch.no_grad():
            self.colours.copy_(weight[:3] / self.scale)
            self.offsets.copy_(bias[:3] / self.scale)
            self.free.copy_(weight[self.copies :])
            self.free_bias.copy_(bias[self.copies :])


class ExactHead(nn.Conv2d):
    """A head at fp32 under any autocast: the slopes that it adds up cancel, and bf16 shows it."""

    def __init__(self, plain: nn.Conv2d) -> None:
        """Take over a plain 1x1 layer's own parameters."""
        super().__init__(plain.in_channels, plain.out_channels, 1)
        self.weight, self.bias = plain.weight, plain.bias

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (N, C, h, w) -> (N, D, h, w), all at fp32."""
        with torch.autocast(features.device.type, enabled=False):
            return super().forward(features.float())
