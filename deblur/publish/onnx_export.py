"""From a checkpoint to one file that carries network, weights and description."""

import logging
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn
from torch.export import Dim

from deblur.backends.onnx_backend import OnnxBackend
from deblur.errors import ExportError
from deblur.files import replacing
from deblur.networks import build_network
from deblur.spec import ModelSpec
from deblur.weights import SPEC_KEY

PARITY = 5e-4
"""The largest difference allowed anywhere between torch and ONNX Runtime, for [0, 1]."""

_OPSET = 18


def export(spec: ModelSpec, weights: dict[str, Tensor], path: Path) -> float:
    """Write `.onnx` or `.safetensors`, by the suffix of `path`, with the description inside.

    A network that runs at fp16 is written with weights rounded to it: half the file, and both
    kinds hold the same. An `.onnx` takes any height and width that
    are multiples of the spec's, and is compared with torch on several sizes before it gets its
    name. Returns the largest difference seen (0.0 for `.safetensors`). Raises ExportError,
    leaving no file, when the weights do not fit, the suffix is another one, or the difference
    is above PARITY.
    """
    network = build_network(spec.architecture, spec.arguments)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ExportError(f"the weights are not those of {spec.architecture}: {error}") from error
    if "fp16" in spec.precisions:
        weights = {name: value.half() for name, value in weights.items()}
        network.load_state_dict(weights)
    description = {SPEC_KEY: replace(spec, weights=()).to_json()}
    with replacing(path) as temporary:
        if path.suffix == ".onnx":
            model = _as_onnx(network.eval(), spec)
            if "fp16" in spec.precisions:
                _halve_weights(model.graph)
            onnx.helper.set_model_props(model, description)
            onnx.save(model, temporary)
            difference = _largest_difference(network, spec, temporary)
        elif path.suffix == ".safetensors":
            tensors = {name: value.contiguous() for name, value in weights.items()}
            temporary.write_bytes(to_safetensors(tensors, description))
            difference = 0.0
        else:
            raise ExportError(f"{path.name}: write .onnx or .safetensors, not {path.suffix!r}")
    return difference


def _as_onnx(network: nn.Module, spec: ModelSpec) -> onnx.ModelProto:
    sides = {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    example = torch.rand(2, 3, 8 * spec.size_multiple, 12 * spec.size_multiple)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("onnxscript").setLevel(logging.ERROR)
        program = torch.onnx.export(
            network,
            (example,),
            input_names=["blurred"],
            output_names=["restored"],
            dynamic_shapes=({0: Dim.DYNAMIC, **sides},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    for node in model.graph.node:  # says where the network's code lies on this machine
        node.ClearField("metadata_props")
    return model


def _halve_weights(graph: onnx.GraphProto) -> None:
    """Store weights at fp16 and cast them back, in place: runtimes do that once, on loading."""
    casts = []
    for weight in graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT:
            name, stored = weight.name, f"{weight.name}.half"
            half = onnx.numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(onnx.numpy_helper.from_array(half, stored))
            casts.append(onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    graph.ClearField("node")
    graph.node.extend(nodes)


def _largest_difference(network: nn.Module, spec: ModelSpec, path: Path) -> float:
    session = OnnxBackend(path, device="cpu")
    low, high = spec.value_range
    worst = 0.0
    for rows, columns in ((1, 1), (3, 2), (9, 16)):
        shape = (1, 3, rows * spec.size_multiple, columns * spec.size_multiple)
        blurred = torch.rand(shape, generator=torch.Generator().manual_seed(rows))
        with torch.inference_mode():
            expected = network(blurred * (high - low) + low).numpy()
        given = session.run((blurred * (high - low) + low).numpy())
        difference = np.abs(given - expected).max() / (high - low)
        worst = float(np.maximum(worst, difference))
    if not worst <= PARITY:
        raise ExportError(
            f"ONNX Runtime differs from torch by {worst:.2g} (at most {PARITY} is allowed)"
        )
    return worst
