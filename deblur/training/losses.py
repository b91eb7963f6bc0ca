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


LOSSES: dict[LossName, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1, "l2": l2}
