"""The generator of the GAN: the U-Net's body with a tanh head over [-1, 1]."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from deblur.networks.blocks import Hidden
from deblur.networks.unet import UNetBody, Upsampling, hold_carriers_, start_as_identity_


class Generator(nn.Module):
    """sRGB (N, 3, h, w) scaled to [-1, 1] -> restored in (-1, 1) through tanh; h, w by 4.

    Its body sees [0, 1] as the U-Net's does, so that the padded border is black for both.
    """

    size_multiple = 4

    def __init__(self, upsampling: Upsampling = "bilinear") -> None:
        super().__init__()
        self.body = UNetBody(upsampling)
        self.head = nn.Conv2d(64, 3, 1)
        start_as_identity_(self.body, self.head)
        halve_(self.head)

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore sRGB (N, 3, h, w) in [-1, 1]; h and w are multiples of 4."""
        return torch.tanh(self.head(self.body((blurred + 1) / 2)))

    def hidden(self) -> tuple[Hidden, ...]:
        """See `UNetBody.hidden`."""
        return self.body.hidden(self.head)

    def keep_identity_(self) -> None:
        """See `hold_carriers_`."""
        self.head = hold_carriers_(self.body, self.head)

    def start_from_unet_(self, weights: Mapping[str, Tensor]) -> None:
        """Take over a U-Net and answer as it does, in place."""
        self.load_state_dict(weights)
        halve_(self.head)


@torch.no_grad()
def halve_(head: nn.Conv2d) -> None:
    """From a head for a sigmoid to one for tanh, in place: tanh(z / 2) is 2 sigmoid(z) - 1."""
    for parameter in head.parameters():
        parameter.div_(2)
