"""What a record says about the machine it was taken on."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from deblur.records.run_result import Machine

_PACKAGES = (
    "deblur-arena",
    "numpy",
    "scipy",
    "pillow",
    "onnxruntime",
    "torch",
    "pyiqa",
    "scikit-image",
)


def this_machine(device: str = "cpu") -> Machine:
    """Processor, memory, system and versions; the GPU where `device` is cuda."""
    return Machine(
        processor=processor_name(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}",
        gpu=_gpu_name() if device == "cuda" else None,
        versions={"python": platform.python_version(), **_versions()},
    )


def machine_name(device: str = "cpu") -> str:
    """Architecture and processor, and the GPU where `device` is cuda."""
    name = f"{platform.machine()}, {processor_name()}"
    return f"{name}, {_gpu_name()}" if device == "cuda" else name


def processor_name() -> str:
    """The processor's name as the system tells it."""
    cpus = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpus.read_text(), re.M) if cpus.exists() else None
    return found[1] if found else platform.processor() or "unknown processor"


def _gpu_name() -> str:
    import torch

    return str(torch.cuda.get_device_name())


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
