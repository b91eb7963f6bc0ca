"""The generator of the GAN: the U-Net's body with a tanh head over [-1, 1]."""

import torch
from torch import Tensor, nn

from deblur.networks.unet import UNetBody, Upsampling, start_as_identity_


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
