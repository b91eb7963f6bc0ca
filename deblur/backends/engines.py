"""The engines: the one table of what each takes, where it runs, and at which precision."""

import ctypes
import importlib.util
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deblur.backends.execution_providers import available_providers
from deblur.spec import ModelSpec, Precision


@dataclass(frozen=True)
class Engine:
    """What is known of an engine without starting it.

    `suffixes` are the files of weights that it takes, the one that we write first. `devices`
    lists those of this machine, the preferred ones first. `runs` says whether it runs a model,
    described with all its files, at a precision. `extra` is the one of this package that brings it.
    """

    suffixes: tuple[str, ...]
    is_installed: Callable[[], bool]
    devices: Callable[[], tuple[str, ...]]
    runs: Callable[[ModelSpec, Precision], bool]
    extra: str | None = None

    def has_weights_of(self, spec: ModelSpec) -> bool:
        """Whether a model has a file that this engine takes."""
        return spec.weights_file(self.suffixes) is not None


def _onnx_runs(spec: ModelSpec, precision: Precision) -> bool:
    """A file runs at the one precision that it was written for."""
    own = {ref.precision for ref in spec.weights if ref.file.endswith(".onnx")}
    return precision == spec.precisions[0] or precision in own


def _torch_runs(spec: ModelSpec, precision: Precision) -> bool:
    return precision != "int8"


def _torch_is_installed() -> bool:
    return importlib.util.find_spec("torch") is not None


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
    "torch": Engine(
        (".safetensors", ".pth"),
        _torch_is_installed,
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
    ("onnx", "cpu"),
    ("torch", "cpu"),
)
"""Engines on devices in the order in which `auto` takes them."""


def available_engines() -> dict[str, tuple[str, ...]]:
    """What this machine can run: engine -> devices, the preferred ones first."""
    return {name: engine.devices() for name, engine in ENGINES.items() if engine.is_installed()}
