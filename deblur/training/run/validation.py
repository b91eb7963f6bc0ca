"""What the averaged weights do for pictures that are not trained on."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from deblur.training.data.batches import Batch

ROUNDING_ERROR = 1e-5
"""Mean squared error that counts as none (50 dB), or sharp crops would rule the mean gain."""

Restore = Callable[[Tensor], Tensor]


@torch.no_grad()
def total_gain(restore: Restore, batches: Sequence[Batch]) -> Tensor:
    """The sum over pictures of the gain in dB over the blurred input, and their number: (2,)."""
    gains = [gain for batch in batches for gain in _gains(restore, batch)]
    return torch.tensor([sum(gains), float(len(gains))])


def _gains(restore: Restore, batch: Batch) -> list[float]:
    restored = restore(batch.blurred).clamp(0, 1)
    before = (batch.blurred - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
    after = (restored - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
    return (10 * (before / after).log10()).tolist()


@torch.no_grad()
def sample_pictures(restore: Restore, batch: Batch, count: int = 4) -> Tensor:
    """Blurred, restored and sharp side by side: (N, 3, h, 3 w) in [0, 1]."""
    blurred, sharp = batch.blurred[:count], batch.sharp[:count]
    return torch.cat([blurred, restore(blurred).clamp(0, 1), sharp], -1)
