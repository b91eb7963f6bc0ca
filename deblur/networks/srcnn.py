"""SRCNN, the three-layer baseline (Dong et al. 2014, arXiv:1501.00092), at scale 1."""

import torch
from torch import Tensor, nn

from deblur.networks.blocks import Hidden, hold_, route_
from deblur.networks.carriers import PictureCopy


class SRCNN(nn.Module):
    """sRGB (N, 3, h, w) in [0, 1] -> restored (N, 3, h, w): 9-5-5 filters, 64 and 32 maps, on RGB.

    It starts as the identity: on values that are never negative, ReLU passes a copied channel.
    """

    size_multiple = 1

    def __init__(self) -> None:
        super().__init__()
        self.patches: nn.Conv2d = nn.Conv2d(3, 64, 9, padding=4)
        self.mapping: nn.Conv2d = nn.Conv2d(64, 32, 5, padding=2)
        self.reconstruction: nn.Conv2d = nn.Conv2d(32, 3, 5, padding=2)
        for convolution in (self.patches, self.mapping, self.reconstruction):
            route_(convolution, {0: 0, 1: 1, 2: 2})

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore sRGB (N, 3, h, w) in [0, 1], of any size."""
        features = torch.relu(self.mapping(torch.relu(self.patches(blurred))))
        return torch.as_tensor(self.reconstruction(features))

    def hidden(self) -> tuple[Hidden, ...]:
        """The layers before a ReLU, the first ones first."""
        return (
            Hidden(self.patches, ((self.mapping, 0),), carriers=3),
            Hidden(self.mapping, ((self.reconstruction, 0),), carriers=3),
        )

    def keep_identity_(self) -> None:
        """Let no gradient reach the weights that copy the picture, in place.

        A usual step in them shifts the whole picture; beside them the others learn in larger ones.
        """
        colours = slice(3)
        for convolution in (self.patches, self.mapping):
            hold_(convolution.weight, colours)
            hold_(convolution.bias, colours)
        hold_(self.reconstruction.weight, slice(None), colours)
        self.patches = PictureCopy(self.patches)
        self.mapping = PictureCopy(self.mapping)
        self.reconstruction = PictureCopy(self.reconstruction)
