"""The weights that a run begins with, when it does not begin from nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import load_file
from torch import Tensor, nn

from deblur.errors import CheckpointError, ConfigError
from deblur.networks import ARCHITECTURES, build_network, carries_picture, size_multiple
from deblur.networks.critic import MIN_SIDE
from deblur.networks.gan import Generator
from deblur.networks.gan_fpn import FeaturePyramidGenerator
from deblur.networks.residual_unet import ResidualUNet
from deblur.training.config import TrainingConfig
from deblur.training.learning.backbones import load_encoder
from deblur.training.learning.optimizers import build_optimizer
from deblur.training.learning.revival import revive_
from deblur.training.run.checkpoint import load_checkpoint
from deblur.training.run.run_folder import weights_of_run


def initial_network(
    config: TrainingConfig, *, fresh: bool = True, pictures: Tensor | None = None
) -> nn.Module:
    """The network of a run before its first step, on the CPU; not `fresh`, without its weights.

    `pictures`, as the network takes them, (N, 3, h, w), tell which features are to be revived.
    Raises ConfigError for crops that do not suit the network, for an encoder's weights where there
    is no encoder, or weights to hold still where there are none, and what `start_from` and
    `load_encoder` raise.
    """
    network = build_network(config.architecture, config.arguments)
    _refuse_odd_crops(config, network)
    smallest = min(stage.side for stage in config.crops)
    if config.adversarial and smallest < MIN_SIDE:
        raise ConfigError(
            f"crops of {smallest} pixels are too small for the critic: choose {MIN_SIDE} or more"
        )
    if fresh and config.start_from:
        start_from(network, config.start_from, config)
        if config.revive and pictures is not None:
            revive_(network, pictures.cpu())
    elif fresh and config.encoder:
        if not isinstance(network, FeaturePyramidGenerator):
            raise ConfigError(
                f"encoder: {config.architecture} has none; only gan_fpn starts from ImageNet"
            )
        load_encoder(network, None if config.encoder == "hub" else config.encoder)
    if config.keep_identity:
        if not carries_picture(config.architecture):
            raise ConfigError(
                f"keep_identity: {config.architecture} adds to the picture and has no weights that "
                "carry it; srcnn, unet and gan do"
            )
        network.keep_identity_()  # type: ignore[operator]
    return network


def refuse_untrainable(config: TrainingConfig) -> None:
    """Raises ConfigError for what no run can begin with; files need not be here yet."""
    if config.architecture not in ARCHITECTURES:
        raise ConfigError(
            f"the architecture {config.architecture!r} of {config.model} is not trained here, as "
            f"others' work is not; there are: {', '.join(ARCHITECTURES)}"
        )
    if config.start_from and Path(config.start_from).suffix == ".onnx":
        raise ConfigError(
            f"training begins with weights as torch has them, not with {config.start_from}: name "
            "the best.pt of the run that it was exported from, or export it as .safetensors"
        )
    build_optimizer(config.optimizer, initial_network(config, fresh=False))


def start_from(network: nn.Module, name: str, config: TrainingConfig) -> None:
    """Load weights by a checkpoint's path or a model's name, in place.

    A residual U-Net may begin from a narrower or shallower one, a GAN's generator from a U-Net:
    it then answers as that one does. Raises CheckpointError when the weights are of another
    network, and what `find_model` and `fetch_weights` raise.
    """
    architecture, arguments, weights = _trained(name)
    if (architecture, dict(arguments)) == (config.architecture, dict(config.arguments)):
        network.load_state_dict(weights)
    elif architecture == config.architecture and isinstance(network, ResidualUNet):
        network.grow_from_(weights)
    elif architecture == "unet" and isinstance(network, Generator):
        network.start_from_unet_(weights)
    else:
        raise CheckpointError(
            f"{name} holds {architecture} {dict(arguments)}, which "
            f"{config.architecture} {dict(config.arguments)} cannot start from"
        )


def _refuse_odd_crops(config: TrainingConfig, network: nn.Module) -> None:
    multiple = size_multiple(network)
    if odd := [stage.side for stage in config.crops if stage.side % multiple]:
        raise ConfigError(
            f"crops of {odd[0]} pixels do not suit {config.model}, which halves its pictures: "
            f"choose a multiple of {multiple}"
        )


class _Trained(NamedTuple):
    architecture: str
    arguments: Mapping[str, Any]
    weights: dict[str, Tensor]


def _trained(name: str) -> _Trained:
    name = weights_of_run(name)
    if Path(name).suffix == ".pt":
        saved = load_checkpoint(Path(name))
        config = saved.training_config()
        return _Trained(config.architecture, config.arguments, saved.ema)
    # Only a published model needs the Hub's client, and a training machine may lack it.
    from deblur.weights import fetch_weights, find_model

    spec = find_model(name)
    weights = load_file(fetch_weights(spec, ".safetensors"))
    return _Trained(spec.architecture, spec.arguments, weights)
