"""Engines that run a network, all behind one protocol, and the one place that opens them."""

import ctypes
import importlib.util
import platform
from pathlib import Path

from deblur.backends.base import ACCELERATOR_BATCH, Backend
from deblur.backends.execution_providers import Workload, available_providers
from deblur.backends.onnx_backend import OnnxBackend
from deblur.errors import BackendUnavailableError
from deblur.extras import how_to_install
from deblur.spec import ModelSpec, Precision

WEIGHTS_SUFFIX = {"onnx": (".onnx",), "torch": (".safetensors", ".pth")}
"""The kinds of files that each engine takes; we write the first."""


def available_engines() -> dict[str, tuple[str, ...]]:
    """What this machine can run: engine -> devices, the preferred ones first."""
    engines = {"onnx": available_providers()}
    if importlib.util.find_spec("torch") is not None:
        from deblur.backends.torch_backend import available_devices

        engines["torch"] = available_devices()
    return engines


def preferred_engine(spec: ModelSpec, precision: Precision = "fp32") -> str:
    """The engine that `auto` means: torch where it has an accelerator, else ONNX Runtime.

    A model whose weights only one engine takes runs on that one, and int8 on ONNX Runtime.
    """
    for_torch = spec.weights_file(WEIGHTS_SUFFIX["torch"]) is not None
    if for_torch and spec.weights_file(WEIGHTS_SUFFIX["onnx"]) is None:
        return "torch"
    torch_runs_it = for_torch and precision != "int8"
    if torch_runs_it and _accelerator_is_likely():
        torch_devices = available_engines().get("torch", ())
        if "cuda" in torch_devices or "mps" in torch_devices:
            return "torch"
    return "onnx"


def open_backend(
    engine: str,
    spec: ModelSpec,
    weights: Path,
    *,
    device: str = "auto",
    precision: Precision = "fp32",
    threads: int | None = None,
    tile: int | None = None,
) -> Backend:
    """Start an engine on a model's weights.

    `weights` has one of the engine's WEIGHTS_SUFFIX. `tile` is the largest side that will come,
    0: any [the model's own]. Raises BackendUnavailableError when engine, device or precision
    cannot be had here, WeightsCorruptError when the file is damaged.
    """
    if precision not in spec.precisions:
        raise BackendUnavailableError(
            f"{spec.name} runs at {', '.join(spec.precisions)}, not at {precision}"
            + (_who_does(spec, precision) if precision == "int8" else "")
        )
    if engine == "onnx":
        side = spec.tiling.tile if tile is None else tile
        work = Workload(tile=side, multiple=spec.size_multiple, batch=ACCELERATOR_BATCH)
        backend = OnnxBackend(weights, provider=device, threads=threads, work=work)
        if backend.precision != precision:
            raise BackendUnavailableError(
                f"{weights.name} of {spec.name} runs at {backend.precision}, not at {precision}"
                + _who_does(spec, precision)
            )
        return backend
    if engine != "torch" or importlib.util.find_spec("torch") is None:
        raise BackendUnavailableError(
            f"the engine {engine!r} is not on this machine; there is: "
            f"{', '.join(available_engines())}. torch comes with {how_to_install('torch')}"
        )
    if precision == "int8":
        raise BackendUnavailableError(f"{spec.name} runs at int8 on the onnx engine only")
    from deblur.backends.torch_backend import TorchBackend, set_threads

    set_threads(threads)
    return TorchBackend(spec, weights, device=device, precision=precision)


def _who_does(spec: ModelSpec, precision: Precision) -> str:
    making = f"`python -m deblur quantize {spec.name} --precision {precision} -o FILE.onnx`"
    return {
        "int8": f"; {making} makes a file that does",
        "fp16": f"; choose the torch engine, or a file made by {making}",
    }.get(precision, "; choose the torch engine")


def _accelerator_is_likely() -> bool:
    """Whether torch, which takes a second to import, may find more than a processor here."""
    if importlib.util.find_spec("torch") is None:
        return False
    if platform.system() == "Darwin" or Path("/dev/kfd").exists():
        return True
    driver = "nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return False
    return True
