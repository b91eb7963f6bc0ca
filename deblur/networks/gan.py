"""The generator of the GAN: the U-Net's body with a tanh head over [-1, 1]."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from deblur.networks.unet import UNetBody, Upsampling, hold_carriers_, start_as_identity_


class Generator(nn.Module):
    """sRGB (N, 3, h, w) scaled to [-1, 1] -> restored in (-1, 1) through tanh; h, w by 4."""

    size_multiple = 4

    def __init__(self, upsampling: Upsampling = "bilinear") -> None:
        super().__init__()
        self.body = UNetBody(upsampling, low=-1.0)
        self.head = nn.Conv2d(64, 3, 1)
        start_as_identity_(self.body, self.head, low=-1.0, gain=0.5)

    def forward(self, blurred: Tensor) -> Tensor:
        """See the class."""
        return torch.tanh(self.head(self.body(blurred)))

    def keep_identity_(self) -> None:
        """See `hold_carriers_`."""
        hold_carriers_(self.body, self.head)

    @torch.no_grad()
    def start_from_unet_(self, weights: Mapping[str, Tensor]) -> None:
        """Take over a U-Net and answer as it does, in place, but at the padded border.

        tanh(z / 2) is 2 sigmoid(z) - 1, so the head is halved; the first layer undoes the range.
        """
        self.load_state_dict(weights)
        fine = self.body.fine
        assert fine.bias is not None
        assert self.head.bias is not None
        fine.weight.div_(2)
        fine.bias.add_(fine.weight.sum((1, 2, 3)))
        self.head.weight.div_(2)
        self.head.bias.div_(2)
