"""What `tune` measured on this machine: kept in the user's cache, and read by `auto`."""

import hashlib
import json
import math
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

from deblur.files import replace_file
from deblur.spec import ModelSpec, Precision

_ENGINES = ("onnxruntime", "openvino", "torch")
_MIN_PARITY: dict[Precision, float] = {"fp32": 80.0, "bf16": 60.0, "fp16": 60.0, "int8": 45.0}
"""In dB from what ONNX Runtime answers at fp32; a way that is further from it is not taken."""


@dataclass(frozen=True)
class Measured:
    """One way to run a network: seconds for a megapixel, and PSNR in dB from fp32."""

    engine: str
    device: str
    precision: Precision
    seconds: float
    parity: float

    @property
    def is_right(self) -> bool:
        """Whether it computes what it should."""
        return self.parity >= _MIN_PARITY[self.precision]


def seconds_measured(spec: ModelSpec) -> dict[tuple[str, str, Precision], float]:
    """Seconds for a megapixel, by engine, device and precision; infinite for what went wrong.

    Empty where nobody has tuned, or the processor or an engine is another one since.
    """
    return {
        (each.engine, each.device, each.precision): each.seconds if each.is_right else math.inf
        for each in _read().get(_name_of(spec), ())
    }


def keep_measured(spec: ModelSpec, measured: tuple[Measured, ...]) -> Path:
    """Keep what was measured of a network for `seconds_measured`; says where."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    networks = _read() | {_name_of(spec): measured}
    kept = {name: [asdict(each) for each in found] for name, found in networks.items()}
    replace_file(path, json.dumps({"machine": _machine(), "networks": kept}, indent=2))
    return path


def _read() -> dict[str, tuple[Measured, ...]]:
    """Of each network; nothing where the file is another machine's, or no such file."""
    try:
        kept = json.loads(_file().read_bytes())
        if kept["machine"] != _machine():
            return {}
        return {
            name: tuple(Measured(**each) for each in found)
            for name, found in kept["networks"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _file() -> Path:
    return platformdirs.user_cache_path("deblur-arena", appauthor=False) / "tuned.json"


def _name_of(spec: ModelSpec) -> str:
    """Networks of one architecture and size take the same time, whatever they have learned."""
    if spec.by_others:
        return spec.name
    return f"{spec.architecture} {json.dumps(dict(spec.arguments), sort_keys=True)}"


@cache
def _machine() -> str:
    """A digest of what may change which way is the fastest."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.is_file() else []
    processor = sorted({line for line in lines if line.startswith(("model name", "flags"))})
    versions = [f"{name} {_version(name)}" for name in _ENGINES]
    facts = [platform.machine(), platform.processor(), os.cpu_count(), *processor, *versions]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
