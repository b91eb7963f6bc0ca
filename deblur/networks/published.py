"""Networks that others published, recognised by their checkpoints and built by spandrel.

https://github.com/chaiNNer-org/spandrel
"""

import importlib.util
import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spandrel
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from deblur.errors import UndescribedModelError, WeightsCorruptError
from deblur.spec import SPANDREL, Precision

_CHANNELS = 3
_HALVINGS = 32
"""Networks pad to what they fold by themselves, and say nothing of it; tiles must not be padded."""


class PublishedNetwork(nn.Module):
    """RGB (N, 3, h, w) in [0, 1] -> the same, clipped; padded to what the network wants."""

    def __init__(self, descriptor: spandrel.ImageModelDescriptor[nn.Module]) -> None:
        super().__init__()
        self.network = descriptor.model
        self.descriptor = descriptor

    def forward(self, blurred: Tensor) -> Tensor:
        """Restore pictures one by one, as spandrel wants them."""
        return torch.cat([self.descriptor(picture[None]) for picture in blurred])


@dataclass(frozen=True)
class Facts:
    """What spandrel knows about a checkpoint; `rules` are those of `deblur.guests`."""

    architecture: str
    parameters: int
    precisions: tuple[Precision, ...]
    rules: dict[str, Any]


def load_published(path: Path) -> PublishedNetwork:
    """The network of a `.pth` or `.safetensors` checkpoint.

    A pickle is loaded as weights only: it can run no code. Raises WeightsCorruptError when the
    file cannot be read, UndescribedModelError when it holds no restoration network that
    spandrel knows.
    """
    weights = spandrel.canonicalize_state_dict(_read(path))
    try:
        _know_more()
        descriptor = spandrel.ModelLoader().load_from_state_dict(weights)
    except (spandrel.UnsupportedModelError, KeyError, RuntimeError) as error:
        raise UndescribedModelError(
            f"{path} is of no architecture that spandrel knows ({error}); export it to .onnx"
        ) from error
    if not isinstance(descriptor, spandrel.ImageModelDescriptor) or (
        descriptor.scale,
        descriptor.input_channels,
        descriptor.output_channels,
    ) != (1, _CHANNELS, _CHANNELS):
        raise UndescribedModelError(
            f"{path} is a {descriptor.architecture.name} for {descriptor.purpose}, of "
            f"{descriptor.input_channels} to {descriptor.output_channels} channels at "
            f"{descriptor.scale} times the size; expected 3 to 3 at the same size"
        )
    return PublishedNetwork(descriptor)


def facts_of(path: Path) -> Facts:
    """What a checkpoint says about its network. Raises as `load_published` does."""
    descriptor = load_published(path).descriptor
    halves: dict[Precision, bool] = {
        "bf16": descriptor.supports_bfloat16,
        "fp16": descriptor.supports_half,
    }
    rules: dict[str, Any] = {
        "title": " ".join([descriptor.architecture.name, *descriptor.tags]),
        "size_multiple": math.lcm(descriptor.size_requirements.multiple_of, _HALVINGS),
    }
    if descriptor.tiling is not spandrel.ModelTiling.SUPPORTED:
        rules["tile"] = 0
    return Facts(
        architecture=f"{SPANDREL}{descriptor.architecture.id}",
        parameters=sum(each.numel() for each in descriptor.model.parameters()),
        precisions=("fp32", *(name for name, supported in halves.items() if supported)),
        rules=rules,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, EOFError, RuntimeError, OSError) as error:
        raise WeightsCorruptError(
            f"{path} is damaged, or holds more than weights, which could run code: fetch it "
            "again, or get it as .safetensors"
        ) from error
    if not isinstance(weights, dict):
        raise WeightsCorruptError(f"{path} holds {type(weights).__name__}, expected weights")
    return weights


def _know_more() -> None:
    """Architectures whose code is not free for every use, if they are installed."""
    if importlib.util.find_spec("spandrel_extra_arches") is not None:
        import spandrel_extra_arches

        spandrel_extra_arches.install(ignore_duplicates=True)
