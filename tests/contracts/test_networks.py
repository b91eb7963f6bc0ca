"""What every network of the catalog that is built here must do."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from deblur.backends.onnx_backend import OnnxBackend
from deblur.backends.torch_backend import TorchBackend
from deblur.catalog import CATALOG
from deblur.networks import build_network
from deblur.publish.onnx_export import PARITY, export
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from deblur.spec import ModelSpec
from tests.pictures import photo, scene

KEYS = Path(__file__).with_name("state_dict_shapes.json")


OURS = [spec for spec in CATALOG.values() if not spec.from_elsewhere]


@pytest.fixture(scope="module", params=OURS, ids=[spec.name for spec in OURS])
def spec(request: pytest.FixtureRequest) -> ModelSpec:
    model: ModelSpec = request.param
    return model


@pytest.fixture
def network(spec: ModelSpec) -> nn.Module:
    return fresh(spec)


def fresh(spec: ModelSpec) -> nn.Module:
    torch.manual_seed(0)
    return build_network(spec.architecture, spec.arguments).eval()


@pytest.fixture(scope="module")
def exported(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    network, folder = fresh(spec), tmp_path_factory.mktemp(spec.name)
    paths = {suffix: folder / f"network{suffix}" for suffix in (".onnx", ".safetensors")}
    for path in paths.values():
        export(spec, network.state_dict(), path)
    return paths


def pixels(spec: ModelSpec, height: int, width: int, seed: int = 0) -> Tensor:
    low, high = spec.value_range
    values = scene(height, width, seed=seed).transpose(2, 0, 1)[None] / 255
    return torch.from_numpy(values).float() * (high - low) + low


def test_it_has_the_size_and_cost_that_its_spec_says(spec: ModelSpec, network: nn.Module) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == spec.parameters
    with FlopCounterMode(display=False) as counter:
        network(pixels(spec, 64, 64))
    macs_per_megapixel = counter.get_total_flops() / 2 / 64**2 * 1e6 / 1e9
    assert macs_per_megapixel == pytest.approx(spec.macs_per_megapixel, rel=0.005)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (5, 3)])
def test_every_multiple_of_its_size_keeps_its_shape(
    spec: ModelSpec, network: nn.Module, rows: int, columns: int
) -> None:
    blurred = pixels(spec, rows * spec.size_multiple, columns * spec.size_multiple)
    assert network(blurred).shape == blurred.shape


def test_gradient_reaches_every_parameter(spec: ModelSpec, network: nn.Module) -> None:
    blurred = torch.cat([pixels(spec, 64, 64, seed) for seed in range(2)])
    (network(blurred) - blurred.flip(3)).square().mean().backward()
    dead = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert dead == []


def test_it_starts_close_to_the_identity(spec: ModelSpec, network: nn.Module) -> None:
    low, high = spec.value_range
    blurred = pixels(spec, 64, 64)
    with torch.inference_mode():
        difference = (network(blurred) - blurred) / (high - low)
    assert difference.square().mean().sqrt() < 0.02


def test_its_answer_stays_in_its_value_range(spec: ModelSpec, network: nn.Module) -> None:
    low, high = spec.value_range
    tolerance = 0.1 if spec.architecture in ("srcnn", "residual_unet") else 0.0
    with torch.inference_mode():
        answer = network(pixels(spec, 64, 64))
    assert low - tolerance <= answer.min()
    assert answer.max() <= high + tolerance


def test_published_weights_of_its_kind_keep_fitting(spec: ModelSpec, network: nn.Module) -> None:
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    assert shapes == json.loads(KEYS.read_text())[spec.name]


def test_onnx_and_torch_agree_at_odd_sizes(
    spec: ModelSpec, network: nn.Module, exported: dict[str, Path]
) -> None:
    onnx = OnnxBackend(exported[".onnx"], device="cpu")
    blurred = pixels(spec, 7 * spec.size_multiple, 13 * spec.size_multiple)
    with torch.inference_mode():
        expected = network(blurred).numpy()
    assert np.abs(onnx.run(blurred.numpy()) - expected).max() <= 2 * PARITY


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 50), (37, 53)])
def test_photos_of_any_size_come_back_at_their_size(
    spec: ModelSpec, exported: dict[str, Path], height: int, width: int
) -> None:
    restorer = Restorer(
        TiledNetwork(spec, TorchBackend(spec, exported[".safetensors"], device="cpu"))
    )
    assert restorer.restore(photo(height, width)).pixels.shape == (height, width, 3)


def test_tiles_give_what_the_whole_gives(spec: ModelSpec, exported: dict[str, Path]) -> None:
    """For the shipped weights where there are any, else for fresh ones; see also the ramp."""
    weights = spec if spec.weights else None
    onnx = (
        Restorer.open(spec.name, engine="onnx", device="cpu").network.backend
        if weights
        else OnnxBackend(exported[".onnx"], device="cpu")
    )
    inner = max(64, 3 * spec.size_multiple)
    small = replace(spec.tiling, tile=2 * spec.tiling.halo + inner)
    height, width = (max(side, small.tile + inner) for side in (250, 310))
    image = photo(height, width)
    whole = Restorer(TiledNetwork(spec, onnx, tile=0)).restore(image).pixels.astype(int)
    tiled = Restorer(TiledNetwork(replace(spec, tiling=small), onnx))
    assert len(tiled.plan(height, width)) > 4
    assert np.abs(tiled.restore(image).pixels - whole).max() <= 1
