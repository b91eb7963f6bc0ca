"""How fast the models run, beside the machine's matrix product, and what memory a photo takes."""

import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.costs.machine import machine_name
from benchmarks.costs.timing import in_own_process, matrix_product_rate, time_calls
from deblur.backends import ENGINES, Wishes, available_engines
from deblur.catalog import DEFAULT_MODEL
from deblur.spec import ModelSpec
from deblur.tiled_network import TiledNetwork
from deblur.weights import find_model


@dataclass(frozen=True)
class NetworkSpeed:
    """One network on one engine, a tile at a time.

    `of_matrix_product` is its GFLOP/s over that of a matrix product measured just before it
    in the same process; both are None where nobody has counted its operations. `peak_memory_mb`
    is the whole process.
    """

    model: str
    engine: str
    provider: str
    seconds_per_megapixel: float
    spread: float
    gflops: float | None
    of_matrix_product: float | None
    peak_memory_mb: float


@dataclass(frozen=True)
class PhotoCost:
    """One `restore` command, JPEG to JPEG; `overhead` is the share that is not the network."""

    model: str
    megapixels: float
    seconds: float
    overhead: float
    peak_memory_mb: float


@dataclass(frozen=True)
class SpeedRun:
    """Everything that one run measured."""

    machine: str
    matrix_product_gflops: float
    networks: tuple[NetworkSpeed, ...]
    photos: tuple[PhotoCost, ...]


def measure_speed(
    models: list[str], photo_sizes: list[int], tell: Callable[[str], None]
) -> SpeedRun:
    """Measure networks on every engine here, then whole photos of so many megapixels.

    A model without weights is measured with fresh ones: speed does not depend on them.
    """
    networks, photos = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in models:
            spec = find_model(name)
            for engine in _engines_for(spec):
                tell(f"{spec.name} on {engine}")
                weights = name if spec.weights else _fresh(spec, engine, Path(folder))
                speed, memory = in_own_process(_measure_network, weights, engine)
                networks.append(replace(speed, peak_memory_mb=memory))
        for megapixels in photo_sizes:
            tell(f"a photo of {megapixels} megapixels")
            photos.append(_measure_photo(megapixels, Path(folder)))
    return SpeedRun(machine_name(), matrix_product_rate(), tuple(networks), tuple(photos))


def _engines_for(spec: ModelSpec) -> list[str]:
    return [
        engine
        for engine in available_engines()
        if not spec.weights or ENGINES[engine].has_weights_of(spec)
    ]


def _fresh(spec: ModelSpec, engine: str, folder: Path) -> str:
    from deblur.networks import build_network
    from deblur.publish.onnx_export import export

    path = folder / f"{spec.name}{ENGINES[engine].suffixes[0]}"
    export(spec, build_network(spec.architecture, spec.arguments).state_dict(), path)
    return str(path)


def _measure_network(model: str, engine: str) -> NetworkSpeed:
    network = TiledNetwork.open(model, Wishes(engine, "cpu"))
    side = network.spec.tiling.tile
    batch = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
    yardstick = matrix_product_rate()
    timing = time_calls(lambda: network.backend.run(batch))
    megapixels = side * side / 1e6
    macs = network.spec.macs_per_megapixel
    gflops = 2 * macs * megapixels / timing.median if macs else None
    return NetworkSpeed(
        model=network.spec.name,
        engine=engine,
        provider=network.backend.execution_provider,
        seconds_per_megapixel=timing.median / megapixels,
        spread=timing.spread / megapixels,
        gflops=gflops,
        of_matrix_product=gflops / yardstick if gflops else None,
        peak_memory_mb=0.0,
    )


def _measure_photo(megapixels: int, folder: Path) -> PhotoCost:
    blurred, restored = folder / f"{megapixels}.jpg", folder / f"{megapixels}-restored.jpg"
    _make_photo(megapixels, blurred)
    command = ["restore", str(blurred), "-o", str(restored), "--json"]
    command += ["--backend", "onnx", "--device", "cpu", "--max-megapixels", str(2 * megapixels)]
    output, memory = in_own_process(_run_command, command)
    report = json.loads(output)
    return PhotoCost(
        model=DEFAULT_MODEL,
        megapixels=report["width"] * report["height"] / 1e6,
        seconds=report["seconds"],
        overhead=1 - report["network_seconds"] / report["seconds"],
        peak_memory_mb=memory,
    )


def _run_command(command: list[str]) -> str:
    from deblur.cli import app

    with contextlib.redirect_stdout(io.StringIO()) as output:
        app(command, standalone_mode=False)
    return output.getvalue()


def _make_photo(megapixels: int, path: Path) -> None:
    width = int((megapixels * 1e6 * 4 / 3) ** 0.5)
    small = np.random.default_rng(megapixels).integers(0, 256, (96, 128, 3), np.uint8)
    photo = Image.fromarray(small).resize((width, width * 3 // 4), Image.Resampling.BICUBIC)
    photo.save(path, quality=95)
