"""The networks, and the one table from an architecture's name to its class."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from deblur.errors import UnknownModelError
from deblur.networks.gan import Generator
from deblur.networks.gan_fpn import FeaturePyramidGenerator
from deblur.networks.residual_unet import ResidualUNet
from deblur.networks.srcnn import SRCNN
from deblur.networks.unet import UNet

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "srcnn": SRCNN,
    "unet": UNet,
    "gan": Generator,
    "gan_fpn": FeaturePyramidGenerator,
    "residual_unet": ResidualUNet,
}


def build_network(architecture: str, arguments: Mapping[str, Any]) -> nn.Module:
    """A freshly initialised network.

    Raises UnknownModelError for an architecture that is not in the table, or arguments that
    it does not take.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UnknownModelError(f"there is no architecture {architecture!r}; there are: {known}")
    try:
        return ARCHITECTURES[architecture](**arguments)
    except TypeError as error:
        raise UnknownModelError(
            f"architecture {architecture!r} does not take {dict(arguments)}: {error}"
        ) from error


def carries_picture(architecture: str) -> bool:
    """Whether weights carry the picture to the output; `keep_identity_` then holds them still."""
    return hasattr(ARCHITECTURES.get(architecture), "keep_identity_")


def size_multiple(network: nn.Module) -> int:
    """What height and width of a network's pictures must be multiples of, in pixels."""
    return int(network.size_multiple)  # type: ignore[arg-type]
