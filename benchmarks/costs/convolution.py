"""The rate of a plain convolution at each precision, the yardstick for what is no matrix product.

An engine may beat the matrix product: 3x3 convolutions can be computed with fewer
multiplications (Winograd, Lavin and Gray 2016), and int8 and bf16 are multiplied faster than fp32.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from benchmarks.costs.timing import time_calls
from deblur.backends import Choice, Wishes, choices, open_backend
from deblur.catalog import CATALOG
from deblur.onnx_file import PRECISION_KEY
from deblur.spec import Precision

CHANNELS, SIDE, LAYERS = 64, 256, 4
_SCALE = 0.05


def convolution_rates() -> dict[str, float]:
    """GFLOP/s of 3x3 convolutions, 64 channels to 64, by engine and precision, on the processor."""
    batch = np.random.default_rng(0).random((1, CHANNELS, SIDE, SIDE), dtype=np.float32)
    operations = 2 * 9 * CHANNELS**2 * SIDE**2 * LAYERS
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        for way in _ways():
            file = Path(folder) / f"{way.precision}.onnx"
            onnx.save(_layers("int8" if way.precision == "int8" else "fp32"), file)
            backend = open_backend(way, file)
            timing = time_calls(lambda run=backend.run: run(batch), seconds=2.0)  # type: ignore[misc]
            rates[f"{way.engine} {way.precision}"] = operations / timing.median / 1e9
    return rates


def _ways() -> list[Choice]:
    """The engines that take `.onnx` files, at each precision that they have here."""
    spec = CATALOG["residual-unet-xs"]
    found = [
        *choices(spec, Wishes(device="cpu", fast=True)),
        *choices(spec, Wishes(device="cpu")),
    ]
    ways = {(each.engine, each.precision): each for each in found if each.engine != "torch"}
    return [ways[way] for way in sorted(ways)]


def _layers(precision: Precision) -> onnx.ModelProto:
    """Convolutions one after the other; at int8 between scales, as quantised files have them."""
    random, nodes, constants, features = np.random.default_rng(1), [], [], "features"
    scale = numpy_helper.from_array(np.array(_SCALE, np.float32), "scale")
    zeros = [
        numpy_helper.from_array(np.array(0, kind), name)
        for kind, name in ((np.uint8, "zero"), (np.int8, "nil"))
    ]
    for layer in range(LAYERS):
        weights, answer = f"weights{layer}", f"answer{layer}"
        values = random.integers(-60, 60, (CHANNELS, CHANNELS, 3, 3)).astype(np.int8)
        if precision == "int8":
            constants.append(numpy_helper.from_array(values, f"{weights}_stored"))
            nodes += [
                helper.make_node(kind, [given, "scale", zero], [made])
                for kind, given, zero, made in (
                    ("QuantizeLinear", features, "zero", f"{features}_rounded"),
                    ("DequantizeLinear", f"{features}_rounded", "zero", f"{features}_scaled"),
                    ("DequantizeLinear", f"{weights}_stored", "nil", weights),
                )
            ]
            features = f"{features}_scaled"
        else:
            constants.append(numpy_helper.from_array(values * np.float32(_SCALE / 60), weights))
        convolution = helper.make_node("Conv", [features, weights], [answer], pads=[1, 1, 1, 1])
        nodes.append(convolution)
        features = answer
    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "convolutions",
        [helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(features, onnx.TensorProto.FLOAT, shape)],
        [scale, *zeros, *constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {PRECISION_KEY: precision})
    return model
