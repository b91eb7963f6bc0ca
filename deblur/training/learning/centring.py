"""Steps about the mean of what a layer sees, so that they do not silence its features."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from deblur.networks.carriers import KnottedMerge

STRIDE = 4
"""A mean is taken over every fourth row and column."""


@dataclass
class _Layer:
    """Weights (out, in, h, w) with their biases (out,), and the mean of their last input (in,)."""

    affine: tuple[tuple[Tensor, Tensor], ...]
    mean: Tensor | None = None


class Centring:
    """What a ReLU lets through is never negative: it has a large mean m beside small changes.

    A step in the weights moves their answer to m most of all, and features end below zero where
    no gradient reaches them any more. So W x + b is learned as W (x - m) + c, as LeCun et al.
    (1998, Efficient BackProp) and Schraudolph (1998, Centering Neural Network Gradient Factors)
    advise: the gradient of W loses its part along m, and b takes back what a step in W does to
    m. The network stays as it is; m is that of the batch at hand.
    """

    def __init__(self, network: nn.Module) -> None:
        """Watch every layer of a network that has a bias and sees all its channels at once."""
        self.layers = list[_Layer]()
        for module in network.modules():
            if affine := _affine(module):
                layer = _Layer(affine)
                module.register_forward_pre_hook(partial(_note_mean, layer))
                self.layers.append(layer)

    @contextmanager
    def about_means(self, reduce: Callable[[Tensor], Tensor]) -> Iterator[None]:
        """Around an optimiser's step; `reduce` takes the mean over all processes.

        A weight that has no gradient, as one that is held still, does not get any.
        """
        before = list[tuple[Tensor, Tensor, Tensor, Tensor]]()
        for layer in self.layers:
            if layer.mean is None:
                continue
            mean = reduce(layer.mean).nan_to_num(0.0, 0.0, 0.0)  # overflown at fp16: no mean
            for weight, bias in layer.affine:
                if weight.grad is not None and bias.grad is not None:
                    along = (bias.grad[:, None] * mean)[..., None, None]
                    weight.grad.sub_(along * (weight.grad != 0))
                    before.append((weight, weight.detach().clone(), bias, mean))
        yield
        with torch.no_grad():
            for weight, old, bias, mean in before:
                bias.sub_((weight - old).sum((2, 3)) @ mean)


def _affine(module: nn.Module) -> tuple[tuple[Tensor, Tensor], ...]:
    if isinstance(module, KnottedMerge):
        return (module.colours, module.offsets), (module.free, module.free_bias)
    if not isinstance(module, nn.Conv2d) or module.groups > 1:
        return ()
    weight, bias = module.weight, module.bias
    return ((weight, bias),) if isinstance(bias, nn.Parameter) else ()


def _note_mean(layer: _Layer, module: nn.Module, inputs: tuple[Tensor]) -> None:
    if torch.is_grad_enabled():
        layer.mean = inputs[0].detach()[..., ::STRIDE, ::STRIDE].float().mean((0, 2, 3))
