"""Training losses."""

from torch import Tensor


def l1(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference over everything: (N, 3, h, w) twice -> a scalar."""
    return (restored - sharp).abs().mean()
