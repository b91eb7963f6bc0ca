"""Engines that run a network, all behind one protocol, and the one place that opens them."""

import importlib.util
from pathlib import Path

from deblur.backends.base import Backend
from deblur.backends.onnx_backend import OnnxBackend, available_providers
from deblur.errors import BackendUnavailableError
from deblur.spec import ModelSpec, Precision

WEIGHTS_SUFFIX = {"onnx": ".onnx", "torch": ".safetensors"}
"""The kind of file that each engine takes."""


def available_engines() -> dict[str, tuple[str, ...]]:
    """What this machine can run: engine -> devices, the preferred ones first."""
    engines = {"onnx": available_providers()}
    if importlib.util.find_spec("torch") is not None:
        from deblur.backends.torch_backend import available_devices

        engines["torch"] = available_devices()
    return engines


def preferred_engine(spec: ModelSpec) -> str:
    """The engine that `auto` means: torch where it has an accelerator, else ONNX Runtime.

    A model whose weights only one engine takes runs on that one.
    """
    if spec.weights_file(".onnx") is None and spec.weights_file(".safetensors") is not None:
        return "torch"
    if spec.weights_file(".safetensors") is not None:
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
) -> Backend:
    """Start an engine on a model's weights.

    `weights` has the engine's WEIGHTS_SUFFIX. Raises BackendUnavailableError when engine,
    device or precision cannot be had here, WeightsCorruptError when the file is damaged.
    """
    if precision not in spec.precisions:
        raise BackendUnavailableError(
            f"{spec.name} runs at {', '.join(spec.precisions)}, not at {precision}"
        )
    if engine == "onnx":
        if precision != "fp32":
            raise BackendUnavailableError(
                f"the onnx engine runs its file at fp32; for {precision} choose the torch engine"
            )
        return OnnxBackend(weights, provider=device, threads=threads)
    if engine != "torch" or importlib.util.find_spec("torch") is None:
        raise BackendUnavailableError(
            f"the engine {engine!r} is not on this machine; there is: "
            f"{', '.join(available_engines())}. torch comes with `pip install deblur-arena[torch]`"
        )
    from deblur.backends.torch_backend import TorchBackend, set_threads

    set_threads(threads)
    return TorchBackend(spec, weights, device=device, precision=precision)
