"""How fast the models run, beside the machine's matrix product, and what memory a photo takes."""

import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.costs.convolution import convolution_rates
from benchmarks.costs.machine import machine_name
from benchmarks.costs.timing import in_own_process, matrix_product_rate, time_calls
from deblur.backends import ENGINES, Wishes, available_engines, choices
from deblur.catalog import DEFAULT_MODEL
from deblur.publish.calibration import calibration_tiles
from deblur.restoring.tiled_network import TiledNetwork
from deblur.spec import ModelSpec, Precision
from deblur.weights import find_model


@dataclass(frozen=True)
class NetworkSpeed:
    """One network on one engine at one precision, a tile at a time.

    `parity` is the PSNR in dB from what ONNX Runtime answers at fp32 on tiles of photos.
    `of_matrix_product` is its GFLOP/s over that of a matrix product measured just before it
    in the same process; both are None where nobody has counted its operations. `peak_memory_mb`
    is the whole process.
    """

    model: str
    engine: str
    precision: Precision
    provider: str
    seconds_per_megapixel: float
    spread: float
    gflops: float | None
    of_matrix_product: float | None
    peak_memory_mb: float
    parity: float | None = None


@dataclass(frozen=True)
class PhotoCost:
    """One `restore` command, JPEG to JPEG; `overhead` is the share that is not the network.

    `whole` is the whole process, its start included.
    """

    model: str
    engine: str
    precision: Precision
    megapixels: float
    seconds: float
    whole: float
    overhead: float
    peak_memory_mb: float


@dataclass(frozen=True)
class SpeedRun:
    """Everything that one run measured."""

    machine: str
    matrix_product_gflops: float
    convolution_gflops: dict[str, float]
    networks: tuple[NetworkSpeed, ...]
    photos: tuple[PhotoCost, ...]


def measure_speed(
    models: list[str], photo_sizes: list[int], photos: Path, tell: Callable[[str], None]
) -> SpeedRun:
    """Measure networks on every engine here, then whole photos of `photo_sizes` megapixels.

    `photos` is a folder of blurred photos, for parity. A model without weights is measured with
    fresh ones: speed does not depend on them.
    """
    networks, restored = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in models:
            spec = find_model(name)
            for engine, precision in _ways_of(spec):
                tell(f"{spec.name} on {engine} at {precision}")
                weights = name if spec.weights else _fresh(spec, engine, Path(folder))
                speed, memory = in_own_process(_measure_network, weights, engine, precision, photos)
                networks.append(replace(speed, peak_memory_mb=memory))
        for megapixels in photo_sizes:
            for wish in (["--backend", "onnx"], [], ["--fast"]):
                tell(f"a photo of {megapixels} megapixels {' '.join(wish)}".rstrip())
                restored.append(_measure_photo(megapixels, Path(folder), wish))
    return SpeedRun(
        machine_name(),
        matrix_product_rate(),
        convolution_rates(),
        tuple(networks),
        tuple(restored),
    )


def _ways_of(spec: ModelSpec) -> list[tuple[str, Precision]]:
    """Engines and precisions that `auto` and `fast` may take on a processor, ONNX Runtime first."""
    if not spec.weights:
        return [(engine, spec.precisions[0]) for engine in available_engines()]
    wishes = (Wishes(device="cpu", fast=fast) for fast in (False, True))
    found = [(way.engine, way.precision) for each in wishes for way in choices(spec, each)]
    return sorted(dict.fromkeys(found), key=lambda way: list(ENGINES).index(way[0]))


def _fresh(spec: ModelSpec, engine: str, folder: Path) -> str:
    from deblur.networks import build_network
    from deblur.publish.onnx_export import export

    path = folder / f"{spec.name}{ENGINES[engine].suffixes[0]}"
    export(spec, build_network(spec.architecture, spec.arguments).state_dict(), path)
    return str(path)


def _measure_network(model: str, engine: str, precision: Precision, photos: Path) -> NetworkSpeed:
    network = TiledNetwork.open(model, Wishes(engine, "cpu", precision))
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
        precision=precision,
        provider=network.backend.execution_provider,
        seconds_per_megapixel=timing.median / megapixels,
        spread=timing.spread / megapixels,
        gflops=gflops,
        of_matrix_product=gflops / yardstick if gflops else None,
        peak_memory_mb=0.0,
        parity=_parity(model, network, photos),
    )


def _parity(model: str, network: TiledNetwork, photos: Path) -> float | None:
    if find_model(model).weights_file(".onnx") is None:
        return None
    exact = TiledNetwork.open(model, Wishes("onnx", "cpu", "fp32")).backend
    tiles = [tile for half in calibration_tiles(photos, network.spec) for tile in half]
    low, high = network.spec.value_range
    errors = [(network.backend.run(tile) - exact.run(tile)) / (high - low) for tile in tiles]
    mean = np.mean([np.mean(error.astype(np.float64) ** 2) for error in errors])
    return float(-10 * np.log10(max(mean, 1e-20)))


def _measure_photo(megapixels: int, folder: Path, wish: list[str]) -> PhotoCost:
    blurred, restored = folder / f"{megapixels}.jpg", folder / f"{megapixels}-restored.jpg"
    if not blurred.exists():
        _make_photo(megapixels, blurred)
    command = ["restore", str(blurred), "-o", str(restored), "--json"]
    command += [*wish, "--device", "cpu", "--max-megapixels", str(2 * megapixels), "--overwrite"]
    started = time.perf_counter()
    output, memory = in_own_process(_run_command, command)
    whole = time.perf_counter() - started
    report = json.loads(output)
    return PhotoCost(
        model=DEFAULT_MODEL,
        engine=report["backend"],
        precision=report["precision"],
        megapixels=report["width"] * report["height"] / 1e6,
        seconds=report["seconds"],
        whole=whole,
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
