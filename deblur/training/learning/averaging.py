"""An exponential moving average of weights, which restores better than the last step's."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@torch.no_grad()
def average_(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    """Move the average towards the network's state, in place; counters are copied."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - decay)
        else:
            average[name].copy_(value)


@contextmanager
def averaged(network: nn.Module, average: dict[str, Tensor]) -> Iterator[None]:
    """The network with its averaged weights, in evaluation mode, for a while."""
    live = {name: value.clone() for name, value in network.state_dict().items()}
    training = network.training
    network.load_state_dict(average)
    network.eval()
    try:
        yield
    finally:
        network.load_state_dict(live)
        network.train(training)
