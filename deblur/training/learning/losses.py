"""What training makes small: pictures compared pixel by pixel, and otherwise.

Each loss takes sRGB (N, 3, h, w) in [0, 1] twice, h and w at least 2, and gives a scalar: the
mean over the pictures of what each would give alone, so that several processes average exactly.
All but `psnr` are 0 for equal pictures.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deblur.training.config import LossName, TrainingConfig
from deblur.training.learning.perceptual import PerceptualLoss

Loss = Callable[[Tensor, Tensor], Tensor]

_CHARBONNIER_EPSILON = 1e-3
_COLOUR_SIGMA, _COLOUR_RADIUS = 3.0, 10
_CONTRAST_WINDOW = 8


def l1(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference."""
    return (restored - sharp).abs().mean()


def l2(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean squared difference, what PSNR measures."""
    return (restored - sharp).square().mean()


def psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Minus the mean over pictures of their PSNR, in units of 10 dB; -4 for equal pictures.

    A picture that is hardly blurred counts as much as one that is beyond help, up to 40 dB,
    where a difference stops being visible.
    """
    per_picture = (restored - sharp).square().mean((1, 2, 3))
    return (per_picture + 1e-4).log10().mean()


def charbonnier(restored: Tensor, sharp: Tensor) -> Tensor:
    """An L1 that is smooth around zero, over a scale of 1e-3 (Lai et al., arXiv:1710.01992)."""
    root = ((restored - sharp).square() + _CHARBONNIER_EPSILON**2).sqrt()
    return (root - _CHARBONNIER_EPSILON).mean()


def colour(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean squared difference of the pictures under a Gaussian blur of 3 pixels.

    The colour loss of DPED (Ignatov et al. 2017, arXiv:1704.02470): at 21 x 21 taps nothing
    but brightness and colour is left to compare.
    """
    difference = restored - sharp
    channels = difference.shape[1]
    taps = _gaussian(difference).expand(channels, 1, -1)
    padded = F.pad(difference, (_COLOUR_RADIUS,) * 4, mode="replicate")
    rows = F.conv2d(padded, taps.unsqueeze(2), groups=channels)
    return F.conv2d(rows, taps.unsqueeze(3), groups=channels).float().square().mean()


def gradient(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference of the steps between neighbours, across and down."""
    difference = restored - sharp
    return (difference.diff(dim=3).abs().mean() + difference.diff(dim=2).abs().mean()) / 2


def frequency(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference of the 2-D Fourier transforms, real and imaginary parts.

    As in MIMO-UNet (Cho et al. 2021, arXiv:2108.05054), in fp32; the transform keeps energy
    ("ortho"), so that for noise it is of the size of `l1`.
    """
    spectrum = torch.fft.rfft2((restored - sharp).float(), norm="ortho")
    return torch.view_as_real(spectrum).abs().mean()


def contrast(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference of the local contrast of fine detail, in windows of 8 pixels.

    The other losses are smallest at the mean of all sharp pictures that may lie behind a blurred
    one, which is smoother than any of them; this one asks for as much detail as they have,
    wherever it lies.
    """
    return (_fine_contrast(restored) - _fine_contrast(sharp)).abs().mean()


LOSSES: dict[LossName, Loss] = {
    "l1": l1,
    "l2": l2,
    "psnr": psnr,
    "charbonnier": charbonnier,
    "colour": colour,
    "gradient": gradient,
    "frequency": frequency,
    "contrast": contrast,
}
"""Every loss that is a plain function; `perceptual` has weights and is built."""


class WeightedLoss(nn.Module):
    """The sum of several losses, each times its weight; none of its parameters is trained.

    Moves to a device as any module does.
    """

    def __init__(
        self, weights: dict[LossName, float], perceptual: PerceptualLoss | None = None
    ) -> None:
        super().__init__()
        self.weights = weights
        self.perceptual = perceptual

    def forward(self, restored: Tensor, sharp: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """(N, 3, h, w) in [0, 1] twice -> the sum, and for the log each part, not weighted."""
        parts = {name: self._loss(name)(restored, sharp) for name in self.weights}
        total = torch.stack([weight * parts[name] for name, weight in self.weights.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}

    def _loss(self, name: LossName) -> Loss:
        return self.perceptual if self.perceptual and name == "perceptual" else LOSSES[name]


def weighted_loss(config: TrainingConfig) -> WeightedLoss:
    """The losses that a configuration asks for.

    Raises ConfigError when the network of the perceptual loss is not available.
    """
    perceptual = PerceptualLoss(config.perceptual) if "perceptual" in config.losses else None
    return WeightedLoss(dict(config.losses), perceptual)


def _fine_contrast(picture: Tensor) -> Tensor:
    """How much a blur of 3 x 3 takes away: standard deviations in windows that overlap by half.

    What changes from every pixel to the next is taken away before: a chequered pattern, which
    networks that shuffle pixels draw easily, is no detail.
    """
    grey = F.pad(picture.float().mean(1, keepdim=True), (1, 1, 1, 1), mode="reflect")
    smooth = F.avg_pool2d(F.avg_pool2d(grey, 2, 1), 2, 1)
    fine = smooth - F.avg_pool2d(smooth, 3, 1, 1, count_include_pad=False)
    window = min(_CONTRAST_WINDOW, *fine.shape[2:])
    return (F.avg_pool2d(fine.square(), window, max(1, window // 2)) + 1e-6).sqrt()


def _gaussian(like: Tensor) -> Tensor:
    steps = torch.arange(-_COLOUR_RADIUS, _COLOUR_RADIUS + 1, dtype=like.dtype, device=like.device)
    taps = torch.exp(-(steps**2) / (2 * _COLOUR_SIGMA**2))
    return (taps / taps.sum()).view(1, 1, -1)
