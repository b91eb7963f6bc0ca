"""The engines: the one table of what each takes, where it runs, and at which precision."""

import ctypes
import importlib.util
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from deblur.backends.execution_providers import available_providers
from deblur.spec import ModelSpec, Precision


@dataclass(frozen=True)
class Engine:
    """What is known of an engine without starting it.

    `suffixes` are the files of weights that it takes, the one that we write first. `devices`
    lists those of this machine, the preferred ones first. `runs` says whether it runs a model,
    described with all its files, at a precision on a device. `extra` is the one of this package
    that brings it.
    """

    suffixes: tuple[str, ...]
    is_installed: Callable[[], bool]
    devices: Callable[[], tuple[str, ...]]
    runs: Callable[[ModelSpec, Precision, str], bool]
    extra: str | None = None

    def has_weights_of(self, spec: ModelSpec) -> bool:
        """Whether a model has a file that this engine takes."""
        return spec.weights_file(self.suffixes) is not None


def _onnx_runs(spec: ModelSpec, precision: Precision, device: str) -> bool:
    """A file runs at the one precision that it was written for."""
    own = {ref.precision for ref in spec.weights if ref.file.endswith(".onnx")}
    return precision == spec.precisions[0] or precision in own


def _openvino_runs(spec: ModelSpec, precision: Precision, device: str) -> bool:
    """As its file was written; of a file at fp32 also what the device multiplies itself."""
    if precision == "bf16":
        return device == "cpu" and spec.close_at_bf16 and computes_bf16()
    if device == "npu":
        return precision in ("fp16", "int8") and precision in spec.precisions
    return _onnx_runs(spec, precision, device) or (precision == "fp16" and device == "gpu")


def _openvino_devices() -> tuple[str, ...]:
    """Its import takes a quarter of a second: only where it may find more than a processor."""
    drivers = ("/dev/dri", "/dev/accel")
    if platform.system() != "Windows" and not any(Path(each).exists() for each in drivers):
        return ("cpu",)
    from deblur.backends.openvino_backend import available_devices

    return available_devices()


@cache
def computes_bf16() -> bool:
    """Whether OpenVINO is here and multiplies bf16 on this processor without detour."""
    if not _is_installed("openvino"):
        return False
    from deblur.backends import openvino_backend

    return openvino_backend.computes_bf16()


@cache
def has_tiles_of_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies tiles of bf16 (AMX), as fast as int8; known on Linux."""
    return cpuinfo.exists() and "amx_bf16" in cpuinfo.read_text(errors="replace").split()


def _torch_runs(spec: ModelSpec, precision: Precision, device: str) -> bool:
    return precision != "int8"


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _torch_devices() -> tuple[str, ...]:
    """torch takes a second to import: only where it may find more than a processor."""
    if not _accelerator_is_likely():
        return ("cpu",)
    from deblur.backends.torch_backend import available_devices

    return available_devices()


def _accelerator_is_likely() -> bool:
    if platform.system() == "Darwin" or Path("/dev/kfd").exists():
        return True
    driver = "nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return False
    return True


ENGINES = {
    "onnx": Engine((".onnx",), lambda: True, available_providers, _onnx_runs),
    "openvino": Engine(
        (".onnx",),
        partial(_is_installed, "openvino"),
        _openvino_devices,
        _openvino_runs,
        extra="openvino",
    ),
    "torch": Engine(
        (".safetensors", ".pth"),
        partial(_is_installed, "torch"),
        _torch_devices,
        _torch_runs,
        extra="torch",
    ),
}
"""Every engine by its name."""

PREFERENCE = (
    ("torch", "cuda"),
    ("torch", "mps"),
    ("onnx", "tensorrt"),
    ("onnx", "cuda"),
    ("onnx", "coreml"),
    ("onnx", "openvino"),
    ("onnx", "directml"),
    ("openvino", "cpu"),
    ("onnx", "cpu"),
    ("torch", "cpu"),
    # Untested: not taken before `tune` has found them to be faster.
    ("openvino", "gpu"),
    ("openvino", "npu"),
)
"""Engines on devices in the order in which `auto` takes them, where nothing was measured."""


def quick_precisions(engine: str, device: str) -> tuple[Precision, ...]:
    """At which an engine is faster on a device than at fp32, and comes near it; the fastest first.

    Facts, not measurements: torch's bf16 pays on CUDA, int8 of ONNX Runtime on processors only.
    """
    if engine == "torch":
        return ("bf16",) if device == "cuda" else ()
    if engine == "openvino" and device == "cpu" and has_tiles_of_bf16():
        return ("bf16", "int8")
    if engine == "openvino" or device in ("cpu", "openvino"):
        return ("int8", "bf16")
    return ()


def available_engines() -> dict[str, tuple[str, ...]]:
    """What this machine can run: engine -> devices, the preferred ones first."""
    return {name: engine.devices() for name, engine in ENGINES.items() if engine.is_installed()}
