"""Quantisation-aware training beside static calibration: `python scripts/quantization_aware.py`.

Needs `pip install torchao`, which nothing else here does. A few steps teach a network to answer at
int8 as it does at fp32, on half the tiles of some blurred photos; the other half measures, as
`python -m deblur quantize` measures. What comes of it stands in docs/performance.md.
"""

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file
from torch import Tensor, fx, nn
from torch.export import Dim
from torchao.quantization.pt2e import (
    FusedMovingAvgObsFakeQuantize,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
    move_exported_model_to_eval,
)
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e
from torchao.quantization.pt2e.quantizer import (
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
)

from benchmarks.costs.timing import time_calls
from deblur.backends.onnx_backend import OnnxBackend
from deblur.catalog import DEFAULT_MODEL
from deblur.networks import build_network
from deblur.publish.calibration import calibration_tiles
from deblur.publish.quantize import Judge, quantize
from deblur.weights import fetch_weights, find_model

_ACTIVATION = QuantizationSpec(
    torch.uint8,
    FusedMovingAvgObsFakeQuantize.with_args(
        observer=MovingAverageMinMaxObserver, quant_min=0, quant_max=255
    ),
    quant_min=0,
    quant_max=255,
    qscheme=torch.per_tensor_affine,
)
_WEIGHT = QuantizationSpec(
    torch.int8,
    FusedMovingAvgObsFakeQuantize.with_args(
        observer=MovingAveragePerChannelMinMaxObserver, quant_min=-64, quant_max=63
    ),
    quant_min=-64,
    quant_max=63,
    qscheme=torch.per_channel_symmetric,
    ch_axis=0,
)
_CONV, _ADD, _RELU = "aten.conv2d.default", "aten.add.Tensor", "aten.relu.default"


class OnnxRuntimeQuantizer(Quantizer):  # type: ignore[misc]
    """Rounds what goes into and comes out of the inner convolutions and sums.

    ONNX Runtime runs a convolution on integers only when its output is rounded, too, which
    torchao's own quantisers for x86 leave to their compiler.
    """

    def annotate(self, model: fx.GraphModule) -> fx.GraphModule:
        """See Quantizer."""
        nodes = list(model.graph.nodes)
        convolutions = [node for node in nodes if str(node.target) == _CONV]
        inner = nodes[nodes.index(convolutions[0]) + 1 : nodes.index(convolutions[-1])]
        for node in inner:
            if str(node.target) in (_CONV, _ADD):
                _annotate(node)
        return model

    def validate(self, model: fx.GraphModule) -> None:
        """See Quantizer."""


def _annotate(node: fx.Node) -> None:
    inputs = [each for each in node.args if isinstance(each, fx.Node)][:2]
    specs = [_ACTIVATION, _WEIGHT if str(node.target) == _CONV else _ACTIVATION]
    relu = [user for user in node.users if str(user.target) == _RELU]
    node.meta["quantization_annotation"] = QuantizationAnnotation(
        input_qspec_map=dict(zip(inputs, specs, strict=True)),
        output_qspec=None if relu else _ACTIVATION,
        _annotated=True,
    )
    for user in relu:
        user.meta["quantization_annotation"] = QuantizationAnnotation(
            output_qspec=_ACTIVATION, _annotated=True
        )


def learn(network: nn.Module, tiles: list[Tensor], steps: int, rate: float, path: Path) -> None:
    """Fine-tune a network to itself at int8, and write it as an `.onnx` file."""
    sides = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    example = torch.cat(tiles[:2])
    exported = torch.export.export(network, (example,), dynamic_shapes=sides).module()
    rounded = prepare_qat_pt2e(exported, OnnxRuntimeQuantizer())
    optimizer = torch.optim.Adam(rounded.parameters(), rate)
    for step in range(steps):
        batch = torch.cat([tiles[(4 * step + place) % len(tiles)] for place in range(4)])
        with torch.no_grad():
            taught = network(batch)
        (rounded(batch) - taught).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    move_exported_model_to_eval(rounded)
    program = torch.onnx.export(
        convert_pt2e(rounded),
        (example,),
        dynamo=True,
        opset_version=18,
        input_names=["blurred"],
        output_names=["restored"],
        dynamic_shapes=sides,
        verbose=False,
    )
    assert program is not None
    onnx.save(program.model_proto, path)


def seconds_per_megapixel(path: Path, side: int) -> float:
    """Of one tile, on the processor."""
    backend = OnnxBackend(path, device="cpu")
    tile = torch.rand(1, 3, side, side).numpy()
    return time_calls(lambda: backend.run(tile)).median / side**2 * 1e6


def main() -> None:
    """Print a table of fp32, static int8, and int8 that was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--photos", type=Path, default=Path("examples"))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rate", type=float, default=1e-6)
    asked = parser.parse_args()
    spec = find_model(asked.model)
    full = fetch_weights(spec, ".onnx")
    network = build_network(spec.architecture, spec.arguments).eval()
    network.load_state_dict(load_file(fetch_weights(spec, ".safetensors")))
    calibrating, measuring = calibration_tiles(asked.photos, spec)
    judge = Judge(full, measuring, spec.value_range)
    with tempfile.TemporaryDirectory() as folder:
        static, trained = Path(folder) / "static.onnx", Path(folder) / "trained.onnx"
        quantize(spec, full, static, asked.photos)
        learn(
            network,
            [torch.from_numpy(tile) for tile in calibrating],
            asked.steps,
            asked.rate,
            trained,
        )
        print(
            f"torch {version('torch')}, torchao {version('torchao')}: "
            f"{spec.name}, {asked.steps} steps at {asked.rate:g}"
        )
        for name, path in (("fp32", full), ("static int8", static), ("trained int8", trained)):
            speed = seconds_per_megapixel(path, spec.tiling.tile)
            print(f"{name:12}  {judge(path).psnr_db:6.1f} dB from fp32  {speed:.3f} s/MP")


if __name__ == "__main__":
    main()
