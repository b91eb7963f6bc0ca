"""Small arrays on their way to a device that must not be waited for."""

from collections.abc import Sequence

import torch
from torch import Tensor


def beside(values: Tensor, like: Tensor) -> Tensor:
    """The values where `like` is, and of its type if they are no indices.

    To a GPU they go through pinned memory: a plain copy would wait for all work before it.
    """
    dtype = like.dtype if values.is_floating_point() else values.dtype
    if like.is_cuda:
        values = values.to(dtype).pin_memory()
    return values.to(like.device, dtype, non_blocking=True)


def indices(places: Sequence[int], like: Tensor) -> Tensor:
    """Places in a batch as a tensor that indexes `like`."""
    return beside(torch.tensor(places, dtype=torch.long), like)
