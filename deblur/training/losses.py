"""Training losses."""

from collections.abc import Callable

from torch import Tensor

from deblur.training.config import LossName


def l1(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference over everything: (N, 3, h, w) twice -> a scalar."""
    return (restored - sharp).abs().mean()


def l2(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean squared difference, what PSNR measures: (N, 3, h, w) twice -> a scalar."""
    return (restored - sharp).square().mean()


def psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Minus the mean over pictures of their PSNR, in units of 10 dB: (N, 3, h, w) -> a scalar.

    A picture that is hardly blurred counts as much as one that is beyond help, up to 40 dB,
    where a difference stops being visible.
    """
    per_picture = (restored - sharp).square().mean((1, 2, 3))
    return (per_picture + 1e-4).log10().mean()


LOSSES: dict[LossName, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1, "l2": l2, "psnr": psnr}
