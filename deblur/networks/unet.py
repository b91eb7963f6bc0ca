"""The light two-level U-Net, the classic of the field's tutorials."""

from typing import Literal

import torch
from torch import Tensor, nn

from deblur.networks.blocks import Hidden, hold_, route_
from deblur.networks.carriers import ExactHead, KnottedMerge

Upsampling = Literal["nearest", "bilinear"]
KNOTS = 15
"""Number of the 64 last features that carry each colour; the others are free to learn."""
LOGITS = torch.linspace(-5.5, 5.5, KNOTS, dtype=torch.float64)
"""Where the piecewise linear logit bends that the U-Nets start with."""
BALANCE = 16.0
"""About the root of its steepest slope."""
CARRIED = 128
"""Both merging layers see so many features from below before those of their own level; in the
last, the first of these are the picture."""


class UNetBody(nn.Module):
    """(N, 3, h, w) with values in [0, 1] -> features (N, 64, h, w); h, w multiples of 4."""

    def __init__(self, upsampling: Upsampling = "bilinear") -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 64, 3, padding=1)
        self.coarse = nn.Conv2d(64, 128, 3, padding=1)
        self.merge_coarse = nn.Conv2d(256, 128, 3, padding=1)
        self.merge_fine: nn.Conv2d | KnottedMerge = nn.Conv2d(192, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        align = False if upsampling == "bilinear" else None
        self.upsample = nn.Upsample(scale_factor=2, mode=upsampling, align_corners=align)
        route_(self.fine, {0: 0, 1: 1, 2: 2})

    def forward(self, picture: Tensor) -> Tensor:
        """Compute features (N, 64, h, w) of a picture (N, 3, h, w) in [0, 1]."""
        fine = torch.relu(self.fine(picture))
        coarse = torch.relu(self.coarse(self.pool(fine)))
        bottom = self.upsample(self.pool(coarse))
        merged = torch.relu(self.merge_coarse(torch.cat([bottom, coarse], 1)))
        return torch.relu(self.merge_fine(torch.cat([self.upsample(merged), fine], 1)))

    def hidden(self, head: nn.Module) -> tuple[Hidden, ...]:
        """The layers before a ReLU, the first ones first; the head reads the last."""
        return (
            Hidden(self.fine, ((self.coarse, 0), (self.merge_fine, CARRIED)), carriers=3),
            Hidden(self.coarse, ((self.merge_coarse, 0), (self.merge_coarse, CARRIED))),
            Hidden(self.merge_coarse, ((self.merge_fine, 0),)),
            Hidden(self.merge_fine, ((head, 0),), carriers=3 * KNOTS),
        )


class UNet(nn.Module):
    """sRGB (N, 3, h, w) in [0, 1] -> restored in (0, 1) through a sigmoid; 481,539 parameters.

    The upsampling is bilinear by default: nearest leaves a checkerboard.
    """

    size_multiple = 4

    def __init__(self, upsampling: Upsampling = "bilinear") -> None:
        super().__init__()
        self.body = UNetBody(upsampling)
        self.head = nn.Conv2d(64, 3, 1)
        start_as_identity_(self.body, self.head)

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore sRGB (N, 3, h, w) in [0, 1]; h and w are multiples of 4."""
        return torch.sigmoid(self.head(self.body(blurred)))

    def hidden(self) -> tuple[Hidden, ...]:
        """See `UNetBody.hidden`."""
        return self.body.hidden(self.head)

    def keep_identity_(self) -> None:
        """See `hold_carriers_`."""
        self.head = hold_carriers_(self.body, self.head)


@torch.no_grad()
def start_as_identity_(body: UNetBody, head: nn.Conv2d) -> None:
    """Set the last two layers so that the head's sigmoid gives the input back, in place.

    Undoing a sigmoid asks for its inverse, the logit. Over `KNOTS` places the features become
    relu(x - knot), and the head adds up the slopes of a piecewise linear logit. Without it a
    short training spends its steps on learning to copy. The slopes are shared out between the
    two layers, or the steep ones would make a small step in the first a large one in the
    picture.
    """
    assert isinstance(body.merge_fine, nn.Conv2d)
    knots = torch.sigmoid(LOGITS)
    slopes = LOGITS.diff() / knots.diff()
    kinks = torch.cat([slopes[:1], slopes.diff(), slopes.new_zeros(1)])
    for knot, position in enumerate(knots.tolist()):
        routes = {3 * knot + channel: CARRIED + channel for channel in range(3)}
        route_(body.merge_fine, routes, bias=-position, quiet=1e-4)
    head.weight.mul_(0.01)
    for channel in range(3):
        own = torch.arange(KNOTS) * 3 + channel
        head.weight[channel, own, 0, 0] += kinks.to(head.weight.dtype)
    for parameter in body.merge_fine.parameters():
        parameter[: 3 * KNOTS].mul_(BALANCE)
    head.weight[:, : 3 * KNOTS].div_(BALANCE)
    assert head.bias is not None
    head.bias.fill_(LOGITS[0].item())


def hold_carriers_(body: UNetBody, head: nn.Conv2d) -> nn.Conv2d:
    """Keep the logit as it is while the others learn, in place; returns the head to put there.

    Its slopes are so steep that a usual step in them harms the whole picture. What reaches its
    knots learns as one: see `KnottedMerge`.
    """
    hold_(body.fine.weight, slice(3))
    hold_(body.fine.bias, slice(3))
    assert isinstance(body.merge_fine, nn.Conv2d)
    body.merge_fine = KnottedMerge(body.merge_fine, CARRIED, LOGITS.sigmoid(), BALANCE)
    exact = ExactHead(head)
    hold_(exact.weight, slice(None), slice(3 * KNOTS))
    return exact
