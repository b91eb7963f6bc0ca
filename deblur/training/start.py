"""The weights that a run begins with, when it does not begin from nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from deblur.errors import CheckpointError
from deblur.networks.residual_unet import ResidualUNet
from deblur.training.checkpoint import load_checkpoint
from deblur.training.config import TrainingConfig
from deblur.weights import fetch_weights, find_model


def start_from(network: nn.Module, name: str, config: TrainingConfig) -> None:
    """Load weights by a checkpoint's path or a model's name, in place.

    A residual U-Net may begin from a narrower or shallower one: it then answers as that one
    does. Raises CheckpointError when the weights are of another network, and what
    `find_model` and `fetch_weights` raise.
    """
    architecture, arguments, weights = _weights(name)
    if architecture == config.architecture and arguments == dict(config.arguments):
        network.load_state_dict(weights)
    elif architecture == config.architecture and isinstance(network, ResidualUNet):
        network.grow_from_(weights)
    else:
        raise CheckpointError(
            f"{name} holds {architecture} {arguments}, which "
            f"{config.architecture} {dict(config.arguments)} cannot start from"
        )


def _weights(name: str) -> tuple[str, Mapping[str, Any], dict[str, Tensor]]:
    if Path(name).suffix == ".pt":
        saved = load_checkpoint(Path(name))
        config = saved.training_config()
        return config.architecture, dict(config.arguments), saved.ema
    spec = find_model(name)
    return spec.architecture, dict(spec.arguments), load_file(fetch_weights(spec, ".safetensors"))
