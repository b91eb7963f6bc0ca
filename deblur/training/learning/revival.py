"""Features that never fire, and how they get another chance."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from deblur.networks.blocks import Hidden

DORMANT_SHARE = 1e-3
"""A feature that fires in a smaller share of all places counts as dormant."""


@torch.no_grad()
def dormant_features(network: nn.Module, pictures: Tensor) -> list[tuple[Hidden, Tensor]]:
    """Which features of each hidden layer hardly ever fire: a mask (channels,) for each.

    Pictures are as the network takes them, (N, 3, h, w). What carries the picture is needed
    wherever it fires. A network that does not tell its hidden layers has none.
    """
    hidden: Sequence[Hidden] = getattr(network, "hidden", tuple)()
    if not hidden:
        return []
    with _watching([each.layer for each in hidden]) as shares:
        network.forward(pictures)  # a compiled call would not see who is watching
    dormant = {layer: share < DORMANT_SHARE for layer, share in shares.items()}
    for each in hidden:
        dormant[each.layer][: each.carriers] = False
    return [(each, dormant[each.layer]) for each in hidden]


@torch.no_grad()
def revive_(network: nn.Module, pictures: Tensor) -> int:
    """Start dormant features anew, in place; returns how many.

    The layers that read them get weights of zero, so the output does not change. New weights are
    drawn as for a new layer, without their mean, so that a feature sees
    detail and not brightness (after Sokar et al. 2023, arXiv:2302.12902).
    """
    count = 0
    for index in range(len(dormant_features(network, pictures))):
        hidden, dormant = dormant_features(network, pictures)[index]
        chosen = dormant.nonzero()[:, 0]
        if not len(chosen):
            continue
        weight, bias = (hidden.layer.get_parameter(name) for name in ("weight", "bias"))
        fresh = nn.Conv2d(weight.shape[1], len(chosen), (weight.shape[2], weight.shape[3])).weight
        weight[chosen] = fresh - fresh.mean((2, 3), keepdim=True)
        bias[chosen] = 0
        for reader, first in hidden.readers:
            reader.get_parameter("weight")[:, first + chosen] = 0
        count += len(chosen)
    return count


@contextmanager
def _watching(layers: Sequence[nn.Module]) -> Iterator[dict[nn.Module, Tensor]]:
    """The share of places where each feature of these layers is above zero, at the last forward."""
    shares = dict[nn.Module, Tensor]()

    def note(layer: nn.Module, _: object, features: Tensor) -> None:
        shares[layer] = (features > 0).float().mean((0, 2, 3))

    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield shares
    finally:
        for handle in handles:
            handle.remove()
