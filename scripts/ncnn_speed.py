"""What ncnn would bring: `python scripts/ncnn_speed.py residual-unet-s`.

Needs `pip install ncnn pnnx`. Converts a network of this package, compares it with ONNX Runtime on
one tile, and measures both in turns. It is a script because ncnn does not pay its way as an engine:
docs/performance.md says why.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ncnn
import numpy as np
import torch
from safetensors.torch import load_file

from deblur.backends.base import Batch
from deblur.backends.onnx_backend import OnnxBackend
from deblur.networks import build_network
from deblur.spec import ModelSpec
from deblur.weights import fetch_weights, find_model

ROUNDS = 5


def convert(spec: ModelSpec, side: int, folder: Path) -> Path:
    """The network as ncnn's pair of files, without their endings, for pictures of any size."""
    network = build_network(spec.architecture, spec.arguments).eval()
    network.load_state_dict(load_file(fetch_weights(spec, ".safetensors")))
    traced = torch.jit.trace(network.float(), torch.rand(1, 3, side, side), check_trace=False)
    traced.save(str(folder / "network.pt"))
    sizes = [f"inputshape=[1,3,{side},{side}]f32", f"inputshape2=[1,3,{side},{2 * side}]f32"]
    command = ["pnnx", "network.pt", *sizes, "fp16=0"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "network.ncnn"


def opened(network: Path, threads: int, *, bf16: bool) -> Callable[[Batch], Batch]:
    """A function that runs a converted network on the processor."""
    net = ncnn.Net()
    net.opt.num_threads, net.opt.use_vulkan_compute = threads, False
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    net.opt.use_bf16_storage = bf16
    net.load_param(f"{network}.param")
    net.load_model(f"{network}.bin")

    def run(batch: Batch) -> Batch:
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(batch[0]))
        return np.array(extractor.extract("out0")[1])[None]

    return run


def main() -> None:
    """Convert, compare, and print milliseconds and how far from ONNX Runtime each way is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    spec = find_model(asked.model)
    tile = np.random.default_rng(0).random((1, 3, asked.side, asked.side), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        network = convert(spec, asked.side, Path(folder))
        ways = {
            "ONNX Runtime": OnnxBackend(fetch_weights(spec, ".onnx"), threads=asked.threads).run,
            "ncnn fp32": opened(network, asked.threads, bf16=False),
            "ncnn bf16": opened(network, asked.threads, bf16=True),
        }
        expected = ways["ONNX Runtime"](tile)
        seconds = {way: list[float]() for way in ways}
        for _ in range(ROUNDS):
            for way, run in ways.items():
                started = time.perf_counter()
                run(tile)
                seconds[way].append(time.perf_counter() - started)
        for way, run in ways.items():
            error = max(float(np.mean((run(tile) - expected).astype(np.float64) ** 2)), 1e-20)
            times = min(seconds["ONNX Runtime"]) / min(seconds[way])
            print(
                f"{way}: {min(seconds[way]) * 1e3:.0f} ms, {times:.2f} times as fast, "
                f"{-10 * np.log10(error):.0f} dB from fp32"
            )


if __name__ == "__main__":
    main()
