"""ImageNet's weights for the timm networks that a loss or a generator stands on."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from deblur.errors import ConfigError
from deblur.networks.gan_fpn import FeaturePyramidGenerator

_OF_TORCHVISION = "classifier."
"""What torchvision calls the head of its VGG, which no loss looks at."""


def load_encoder(generator: FeaturePyramidGenerator, weights: str | None) -> None:
    """Give a feature-pyramid generator the encoder that has seen ImageNet, in place.

    `weights` and the ConfigError raised are those of `load_backbone`.
    """
    load_backbone(generator.encoder, generator.encoder_name, weights)


def load_backbone(backbone: nn.Module, network: str, weights: str | None) -> None:
    """Fill `backbone`, a timm `network` or the part of it that is left, in place.

    `weights` is a `.safetensors` file or a `.pth`/`.pt` of tensors only, with timm's names;
    None fetches timm's own from the Hub. Raises ConfigError when they are not available, or
    naming the first key that is missing, unknown or of another shape.
    """
    tensors = _from_hub(network) if weights is None else _read(Path(weights))
    source = weights or f"timm's {network}"
    wanted = backbone.state_dict()
    _refuse_unknown_tensors([name for name in tensors if name not in wanted], network, source)
    for name, tensor in wanted.items():
        if name not in tensors and not name.endswith("num_batches_tracked"):
            raise ConfigError(f"{source} does not fit {network}: it lacks {name!r}")
        if name in tensors and tensors[name].shape != tensor.shape:
            given, expected = tuple(tensors[name].shape), tuple(tensor.shape)
            raise ConfigError(
                f"{source} does not fit {network}: {name!r} has shape {given}, not {expected}"
            )
    backbone.load_state_dict({**wanted, **{k: v for k, v in tensors.items() if k in wanted}})


def _from_hub(network: str) -> Mapping[str, Tensor]:
    try:
        return timm.create_model(network, pretrained=True).state_dict()
    except (OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"the ImageNet weights of timm's {network!r} could not be fetched from the Hugging "
            f"Face Hub ({reason}): give them as a .safetensors or .pth file in `weights`, or "
            "name another timm network whose weights you have"
        ) from error


def _refuse_unknown_tensors(names: list[str], network: str, source: str) -> None:
    known = timm.create_model(network).state_dict() if names else {}
    for name in names:
        if name not in known and not name.startswith(_OF_TORCHVISION):
            raise ConfigError(f"{source} does not fit {network}: it has an unexpected {name!r}")


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix not in (".safetensors", ".pth", ".pt"):
        raise ConfigError(f"{path}: weights are a .safetensors, .pth or .pt file")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, UnpicklingError, RuntimeError, EOFError) as error:
        raise ConfigError(f"{path}: these weights cannot be read: {error}") from error
    if not isinstance(tensors, Mapping) or not all(
        isinstance(value, Tensor) for value in tensors.values()
    ):
        raise ConfigError(f"{path}: a mapping from names to tensors was expected, and no more")
    return tensors
