"""A model for phones: `python scripts/litert.py residual-unet-s -o residual-unet-s.tflite`.

Needs `pip install litert-torch`, which brings JAX and more, and nothing else here does. A file
takes and gives one tile of a fixed size, float32 (1, 3, side, side) in the own value range of its
model, and is compared with torch before it gets its name; the description lies beside it as JSON.
"""

import argparse
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from safetensors.torch import load_file

from deblur.backends.base import Batch
from deblur.catalog import DEFAULT_MODEL
from deblur.errors import ExportError
from deblur.files import replace_file, replacing
from deblur.networks import build_network
from deblur.publish.onnx_export import PARITY
from deblur.weights import fetch_weights, find_model


def run(path: Path, tile: Batch, threads: int | None) -> tuple[Batch, float]:
    """The answer of LiteRT on the processor, and the fewest seconds of five that it took."""
    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tile)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - started)
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]), min(seconds)


def main() -> None:
    """Convert, compare, and print how far from torch and how fast the file is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    spec = find_model(asked.model)
    network = build_network(spec.architecture, spec.arguments).eval()
    network.load_state_dict(load_file(fetch_weights(spec, ".safetensors")))
    low, high = spec.value_range
    tile = torch.rand(1, 3, asked.side, asked.side) * (high - low) + low
    with torch.inference_mode():
        expected = network(tile).numpy()
    with replacing(asked.output) as temporary:
        litert_torch.convert(network, (tile,)).export(str(temporary))
        given, seconds = run(temporary, tile.numpy(), asked.threads)
        difference = float(np.abs(given - expected).max()) / (high - low)
        if not difference <= PARITY:
            raise ExportError(f"LiteRT differs from torch by {difference:.2g}, more than {PARITY}")
    replace_file(asked.output.with_suffix(".json"), replace(spec, weights=()).to_json())
    print(f"litert-torch {version('litert-torch')}, torch {version('torch')}: {asked.output}")
    print(f"largest difference between torch and LiteRT: {difference:.1e}")
    print(f"{seconds / asked.side**2 * 1e6:.3f} s/MP in tiles of {asked.side}")


if __name__ == "__main__":
    main()
